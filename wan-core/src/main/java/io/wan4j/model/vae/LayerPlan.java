package io.wan4j.model.vae;

import io.wan4j.model.vae.CausalLayer.Parameters;
import io.wan4j.ops.Weights;
import java.util.ArrayList;
import java.util.List;

/** The layers of the encoder and of the decoder, in order, under the names of the checkpoint. */
final class LayerPlan {
    /** A layer's canonical name and weights. */
    record Named<L extends CausalLayer>(String name, Parameters<? extends L> parameters) {}

    private LayerPlan() {}

    /** Levels from full resolution down: residual blocks, then a step to the next; middle; head to mean and variance. */
    static List<Named<SettlingLayer>> encoder(VaeConfig config, Weights root) {
        Weights weights = root.at("encoder");
        List<Named<SettlingLayer>> layers = new ArrayList<>();
        int width = config.width(0);
        layers.add(new Named<>(
                "encoder.conv1",
                CausalConvolution.Kernel.cube(weights, "conv1", new Widths(VaeConfig.PICTURE_CHANNELS, width))));
        int index = 0;
        for (int level = 0; level < config.levels(); level++) {
            for (int block = 0; block < config.residualBlocks(); block++) {
                String name = "downsamples." + index++;
                layers.add(new Named<>(
                        "encoder." + name,
                        ResidualBlock.Kernel.load(weights.at(name), new Widths(width, config.width(level)))));
                width = config.width(level);
            }
            if (level < config.levels() - 1) {
                String name = "downsamples." + index++;
                boolean halvesFrames = config.timeDownsample().get(level);
                layers.add(
                        new Named<>("encoder." + name, Downsample.Kernel.load(weights.at(name), width, halvesFrames)));
            }
        }
        layers.addAll(middle(weights, "encoder.", width));
        layers.add(new Named<>("encoder.head", head(weights, new Widths(width, 2 * config.latentChannels()))));
        return List.copyOf(layers);
    }

    /** Middle; levels from the lowest resolution up: residual blocks, then a step to the next; head to the picture. */
    static List<Named<? extends CausalLayer>> decoder(VaeConfig config, Weights root) {
        Weights weights = root.at("decoder");
        List<Named<? extends CausalLayer>> layers = new ArrayList<>();
        int width = config.width(config.levels() - 1);
        layers.add(new Named<>(
                "decoder.conv1",
                CausalConvolution.Kernel.cube(weights, "conv1", new Widths(config.latentChannels(), width))));
        layers.addAll(middle(weights, "decoder.", width));
        int index = 0;
        for (int level = config.levels() - 1; level >= 0; level--) {
            for (int block = 0; block <= config.residualBlocks(); block++) {
                String name = "upsamples." + index++;
                layers.add(new Named<>(
                        "decoder." + name,
                        ResidualBlock.Kernel.load(weights.at(name), new Widths(width, config.width(level)))));
                width = config.width(level);
            }
            if (level > 0) {
                String name = "upsamples." + index++;
                boolean doublesFrames = config.timeDownsample().get(level - 1);
                layers.add(
                        new Named<>("decoder." + name, Upsample.Kernel.load(weights.at(name), width, doublesFrames)));
                width /= 2;
            }
        }
        layers.add(new Named<>("decoder.head", head(weights, new Widths(width, VaeConfig.PICTURE_CHANNELS))));
        return List.copyOf(layers);
    }

    private static List<Named<SettlingLayer>> middle(Weights weights, String prefix, int width) {
        Widths same = Widths.same(width);
        return List.of(
                new Named<>(prefix + "middle.0", ResidualBlock.Kernel.load(weights.at("middle.0"), same)),
                new Named<>(prefix + "middle.1", MiddleAttention.Kernel.load(weights.at("middle.1"), width)),
                new Named<>(prefix + "middle.2", ResidualBlock.Kernel.load(weights.at("middle.2"), same)));
    }

    private static NormConvolution.Kernel head(Weights weights, Widths widths) {
        return NormConvolution.Kernel.load(weights.at("head"), "0", "2", widths);
    }
}
