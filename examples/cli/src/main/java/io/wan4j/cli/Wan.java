package io.wan4j.cli;

import io.wan4j.error.CheckpointException;
import io.wan4j.error.DeviceException;
import io.wan4j.error.ShapeException;
import io.wan4j.error.UnsupportedException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code wan} command. Exit code 0: done; 1: failed; 2: wrong input; 130: cancelled. */
@Command(
        name = "wan",
        description = "Turns a picture and a sentence into a video with Wan2.1 image-to-video.",
        mixinStandardHelpOptions = true,
        version = "wan 0.1.0-SNAPSHOT",
        subcommands = {
            DemoCommand.class,
            GenerateCommand.class,
            PlanCommand.class,
            VerifyCommand.class,
            InspectCommand.class,
            ConvertCommand.class,
            CalibrateCommand.class,
            QualityCommand.class,
            DoctorCommand.class,
            SynthCommand.class
        })
public final class Wan implements Runnable {
    static final int FAILED = 1;
    static final int WRONG_INPUT = 2;
    static final int CANCELLED = 130;

    private static final List<Class<? extends RuntimeException>> USER_ERRORS = List.of(
            CheckpointException.class,
            DeviceException.class,
            ShapeException.class,
            UnsupportedException.class,
            IllegalArgumentException.class,
            UncheckedIOException.class);

    private final Interrupt interrupt;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    private Wan(Interrupt interrupt) {
        this.interrupt = interrupt;
    }

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, Charset.defaultCharset()), true);
        Interrupt interrupt = new Interrupt(err);
        interrupt.watch();
        int code = 1;
        try {
            code = execute(
                    interrupt,
                    new PrintWriter(new OutputStreamWriter(System.out, Charset.defaultCharset()), true),
                    err,
                    args);
        } finally {
            interrupt.done();
        }
        System.exit(code);
    }

    /** Runs the command with these streams. */
    static int execute(Interrupt interrupt, PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new Wan(interrupt))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler(Wan::wrongArguments)
                .setExecutionExceptionHandler(Wan::report)
                .execute(args);
    }

    /** What a command writes to besides its results. */
    VideoOutput.Console console() {
        return new VideoOutput.Console(spec.commandLine().getErr(), interrupt);
    }

    private static int wrongArguments(CommandLine.ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        command.getErr()
                .println("wan: " + failure.getMessage() + " (see wan "
                        + (command.getParent() == null ? "" : command.getCommandName() + " ") + "--help)");
        return WRONG_INPUT;
    }

    private static int report(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        if (failure instanceof CancellationException) {
            return CANCELLED; // The interrupt has said so.
        }
        if (USER_ERRORS.stream().anyMatch(type -> type.isInstance(failure))) {
            err.println("wan: " + String.valueOf(failure.getMessage()).replaceAll("\\s*\\R\\s*", " "));
            LoggerFactory.getLogger(Wan.class).debug("details", failure);
            return WRONG_INPUT;
        }
        err.println("wan: failed: " + failure);
        LoggerFactory.getLogger(Wan.class).error("details", failure);
        return FAILED;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
