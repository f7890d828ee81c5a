package io.wan4j.gpucheck;

import java.nio.file.Path;

/** A process of a unit that goes wrong in the way that its first argument says. */
final class BadUnit {
    private BadUnit() {}

    public static void main(String[] arguments) throws InterruptedException {
        RowFile.append(Path.of(arguments[arguments.length - 1]), Row.ok("before"));
        switch (arguments[0]) {
            case "halt" -> {
                System.out.println("last words");
                Runtime.getRuntime().halt(134);
            }
            case "hang" -> Thread.sleep(600_000);
            default -> throw new IllegalStateException("told to fail");
        }
    }
}
