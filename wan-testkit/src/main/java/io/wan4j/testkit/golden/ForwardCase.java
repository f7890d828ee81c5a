package io.wan4j.testkit.golden;

import io.wan4j.model.dit.BlockListener;
import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.GoldenFile;

/**
 * The inputs of one forward pass of the transformer.
 *
 * @param file holds them
 * @param latent name of the noisy latent
 * @param condition name of mask and picture latent
 * @param context name of the text rows
 * @param image name of the image rows
 */
record ForwardCase(GoldenFile file, String latent, String condition, String context, String image) {
    /** Inputs under their usual names. */
    ForwardCase(GoldenFile file) {
        this(file, "in.x", "in.y", "in.context", "in.clip_fea");
    }

    /** The velocity. */
    float[] run(WanTransformer transformer, Device device) {
        try (Ops ops = Ops.on(device);
                Conditioning conditioning = transformer.condition(
                        ops,
                        upload(ops, context),
                        ops.upload(
                                file.floats(image),
                                WanConfig.IMAGE_ROWS,
                                transformer.config().imageDim()))) {
            Tensor x = upload(ops, latent);
            Tensor velocity = ops.allocate(x.shape(), Format.F32);
            StepInput input = new StepInput(x, upload(ops, condition), file.floats("in.t")[0], conditioning);
            transformer.forward(ops, input, velocity, BlockListener.NONE);
            return ops.download(velocity);
        }
    }

    private Tensor upload(Ops ops, String name) {
        return ops.upload(file.floats(name), file.shape(name).toArray());
    }
}
