package io.wan4j.gpucheck;

import io.wan4j.error.DeviceException;
import java.nio.file.Path;

/** A process of a unit that goes wrong in the way that its first argument says. */
final class BadUnit {
    private static final int MANY = 20;

    private BadUnit() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path file = Path.of(arguments[arguments.length - 1]);
        int from = Integer.parseInt(arguments[arguments.length - 3]);
        switch (arguments[0]) {
            case "case" -> cases(file, from, 3, () -> crash(139));
            case "stall" -> cases(file, from, 3, BadUnit::hang);
            case "lost" ->
                cases(file, from, 3, () -> {
                    RowFile.append(file, Row.failed("case 1", new DeviceException("illegal address")));
                    Runtime.getRuntime().halt(UnitMain.LOST);
                });
            case "all" -> {
                for (int i = from; i < MANY; i++) {
                    RowFile.append(file, new RowFile.Begun(i, "case " + i));
                    crash(139);
                }
            }
            default -> {
                RowFile.append(file, Row.ok("before"));
                if (arguments[0].equals("hang")) {
                    hang();
                }
                crash(134);
            }
        }
    }

    /** The second case does this, the others pass. */
    private static void cases(Path file, int from, int count, Runnable second) {
        for (int i = from; i < count; i++) {
            RowFile.append(file, new RowFile.Begun(i, "case " + i));
            if (i == 1) {
                second.run();
            }
            RowFile.append(file, Row.ok("case " + i));
        }
    }

    private static void crash(int status) {
        System.out.println("last words");
        Runtime.getRuntime().halt(status);
    }

    private static void hang() {
        try {
            Thread.sleep(600_000);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
