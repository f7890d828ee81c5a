package io.wan4j.cli;

import io.wan4j.quant.ConversionListener;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** How far a conversion is, on the error stream: a bar on a terminal, a line for every twentieth part anywhere else. */
interface ConversionProgress extends ConversionListener, AutoCloseable {
    /** What suits the error stream. */
    static ConversionProgress on(PrintWriter err) {
        return Boolean.getBoolean(ConsoleProgress.TERMINAL) ? new Bar() : new Lines(err);
    }

    @Override
    void close();

    /** One line that is written over and over. */
    final class Bar implements ConversionProgress {
        private final ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("wan")
                .setUnit(" MiB", 1 << 20)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500)
                .setConsumer(new ConsoleProgressBarConsumer(System.err))
                .build();

        @Override
        public void at(String what, long done, long total) {
            bar.setExtraMessage(what);
            bar.maxHint(total);
            bar.stepTo(done);
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    /** For files and logs. */
    final class Lines implements ConversionProgress {
        private static final long TWENTIETH = 5;

        private final PrintWriter err;
        private long shown = -1;

        Lines(PrintWriter err) {
            this.err = err;
        }

        @Override
        public void at(String what, long done, long total) {
            long percent = total == 0 ? 100 : 100 * done / total;
            if (percent / TWENTIETH != shown / TWENTIETH || shown < 0) {
                shown = percent;
                err.printf(Locale.ROOT, "wan: %3d %% %s%n", percent, what);
                err.flush();
            }
        }

        @Override
        public void close() {
            err.flush();
        }
    }
}
