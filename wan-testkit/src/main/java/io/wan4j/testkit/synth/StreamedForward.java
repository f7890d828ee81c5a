package io.wan4j.testkit.synth;

import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.Random;

/**
 * What a transformer of six small blocks gives, and how much device memory it takes for its weights.
 *
 * @param velocity of the last pass
 * @param mostInArenas most bytes of weights at once
 * @param resident bytes of weights before the first pass
 */
public record StreamedForward(float[] velocity, long mostInArenas, long resident) {
    private static final WanConfig SIX_BLOCKS = new WanConfig(256, 512, 2, 6, 64, 32);

    /** Runs two passes with random weights, of which so many blocks stay on the device. */
    public static StreamedForward of(Device device, WeightEncoding encoding, Residency residency) {
        try (WanTransformer transformer = WanTransformer.load(
                        SIX_BLOCKS,
                        SyntheticWeights.transformer(TensorCatalog.of(SIX_BLOCKS), encoding, 1),
                        device,
                        residency);
                Ops ops = Ops.on(device)) {
            long[] most = {device.memory().inArenas()};
            long resident = most[0];
            Tensor velocity = ops.upload(new float[16 * 2 * 8 * 8], 16, 2, 8, 8);
            try (Conditioning conditioning = transformer.condition(ops, random(ops, 40, 64), random(ops, 257, 32))) {
                StepInput input = new StepInput(random(ops, 16, 2, 8, 8), random(ops, 20, 2, 8, 8), 750, conditioning);
                for (int pass = 0; pass < 2; pass++) {
                    // Keys and values of text and picture come with each block of the first pass, and stay.
                    transformer.forward(
                            ops,
                            input,
                            velocity,
                            (block, blocks) ->
                                    most[0] = Math.max(most[0], device.memory().inArenas() - conditioning.bytes()));
                }
            }
            return new StreamedForward(ops.download(velocity), most[0], resident);
        }
    }

    private static Tensor random(Ops ops, long... dims) {
        Random random = new Random(3);
        float[] values = new float[Math.toIntExact(Shape.of(dims).count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.upload(values, dims);
    }
}
