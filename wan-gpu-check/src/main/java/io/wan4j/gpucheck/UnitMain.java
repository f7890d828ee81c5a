package io.wan4j.gpucheck;

import io.wan4j.error.DeviceException;
import java.nio.file.Path;

/**
 * The process of one unit. Arguments: part, unit, size, device, bundle folder, first case to do, failed cases before it,
 * file for rows.
 */
public final class UnitMain {
    /** Exit status where the device cannot be used. */
    static final int NO_DEVICE = 2;

    static final int BROKEN = 3;
    private static final int ARGUMENTS = 8;

    /** Exit status where the device was lost and a fresh process can go on behind the case that did it. */
    static final int LOST = 4;

    private UnitMain() {}

    /** Runs the unit. */
    public static void main(String[] arguments) {
        if (arguments.length != ARGUMENTS) {
            throw new IllegalArgumentException("unit: expected " + ARGUMENTS + " arguments, got " + arguments.length);
        }
        Part part = Part.of(arguments[0]);
        String unit = arguments[1];
        Path file = Path.of(arguments[7]);
        CheckContext context = new CheckContext(
                Workload.of(Workload.Size.of(arguments[2])),
                Path.of(arguments[4]),
                (options, settings) -> Target.open(arguments[3], options, settings),
                row -> RowFile.append(file, row),
                new Progress(
                        Integer.parseInt(arguments[5]),
                        Integer.parseInt(arguments[6]),
                        (index, name) -> RowFile.append(file, new RowFile.Begun(index, name))));
        System.exit(run(part, unit, context));
    }

    /** Runs a unit; what it throws becomes its last row. Gives the exit status. */
    static int run(Part part, String unit, CheckContext context) {
        try {
            part.check(unit).run(context);
            return 0;
        } catch (Progress.DeviceLost lost) {
            return LOST;
        } catch (DeviceException refused) {
            context.add(Row.failed(part.label() + " " + unit, String.valueOf(refused.getMessage())));
            return part == Part.DOCTOR ? NO_DEVICE : BROKEN;
        } catch (RuntimeException | Error failure) {
            context.add(Row.failed(part.label() + " " + unit, failure));
            return BROKEN;
        }
    }
}
