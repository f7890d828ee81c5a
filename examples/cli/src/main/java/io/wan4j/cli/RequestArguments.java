package io.wan4j.cli;

import io.wan4j.ImageToVideo;
import io.wan4j.media.Picture;
import io.wan4j.scheduler.DiffusersEuler;
import io.wan4j.scheduler.DpmPlusPlus;
import io.wan4j.scheduler.FlowEuler;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.SchedulerConfig;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.scheduler.UniPc;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Options about what to generate. */
final class RequestArguments {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,6})[x*](\\d{1,6})");

    /** Which scheduler. */
    enum Sampler {
        DISTILL,
        EULER,
        DIFFUSERS_EULER,
        UNIPC,
        DPMPP
    }

    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Exact size, multiples of 16; by default 480x832 pixels in the picture's aspect.")
    private String size = "";

    @Option(
            names = "--frames",
            paramLabel = "N",
            defaultValue = "81",
            description = "Number of frames, 4n+1 (default: ${DEFAULT-VALUE}).")
    private int frames = 81;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed of the noise, 0 or more.")
    private long seed;

    @Option(
            names = "--steps",
            paramLabel = "LIST",
            defaultValue = "1000,750,500,250",
            description = "Distilled: falling points such as 1000,750,500,250. Other samplers: a number of steps.")
    private String steps = "1000,750,500,250";

    @Option(names = "--shift", paramLabel = "S", defaultValue = "5", description = "Shift (default: ${DEFAULT-VALUE}).")
    private double shift = 5;

    @Option(
            names = "--sampler",
            paramLabel = "S",
            defaultValue = "DISTILL",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Sampler sampler = Sampler.DISTILL;

    @Option(
            names = "--guidance",
            paramLabel = "G",
            defaultValue = "1",
            description = "Classifier-free guidance; 1 (the default) means none, as distilled models want.")
    private double guidance = 1;

    @Option(names = "--negative", paramLabel = "TEXT", description = "What not to show; only used with guidance.")
    private String negative = "";

    ImageToVideo request(Picture picture, String prompt) {
        ImageToVideo request = ImageToVideo.of(picture, prompt)
                .frames(frames)
                .seed(seed)
                .scheduler(scheduler())
                .guidance(guidance)
                .negativePrompt(negative);
        if (size.isEmpty()) {
            return request;
        }
        Matcher matcher = SIZE.matcher(size);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("--size: expected WIDTHxHEIGHT such as 832x480, got " + size);
        }
        return request.size(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    private SchedulerConfig scheduler() {
        return switch (sampler) {
            case DISTILL -> new StepDistill(points(), shift, LatentPrecision.F32);
            case EULER -> new FlowEuler(count(), shift);
            case DIFFUSERS_EULER -> new DiffusersEuler(count(), shift);
            case UNIPC -> new UniPc(count(), shift);
            case DPMPP -> new DpmPlusPlus(count(), shift);
        };
    }

    private List<Integer> points() {
        try {
            return Arrays.stream(steps.split(",", -1))
                    .map(point -> Integer.valueOf(point.trim()))
                    .toList();
        } catch (NumberFormatException unreadable) {
            throw new IllegalArgumentException(
                    "--steps: expected falling points such as 1000,750,500,250, got " + steps, unreadable);
        }
    }

    private int count() {
        try {
            return Integer.parseInt(steps.trim());
        } catch (NumberFormatException unreadable) {
            throw new IllegalArgumentException(
                    "--steps: expected a number of steps with --sampler " + sampler + ", got " + steps, unreadable);
        }
    }
}
