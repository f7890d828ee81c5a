package io.wan4j.cli;

import io.wan4j.Progress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** One line on the terminal's error stream that is written over and over. */
final class ProgressBarLine implements ConsoleProgress {
    private static final int TICKS = 1000;

    private final ProgressBar bar = new ProgressBarBuilder()
            .setTaskName("wan")
            .setInitialMax(TICKS)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(500)
            .hideEta()
            .setConsumer(new ConsoleProgressBarConsumer(System.err))
            .build();

    @Override
    public void on(Progress progress) {
        bar.setExtraMessage(progress.toString());
        bar.stepTo(Math.round(TICKS * progress.fraction()));
    }

    @Override
    public void close() {
        bar.close();
    }
}
