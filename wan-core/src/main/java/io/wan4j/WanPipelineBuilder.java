package io.wan4j;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.ops.FiniteCheckDevice;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.prompt.Tokenizer;
import io.wan4j.prompt.Tokenizers;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceRequest;
import io.wan4j.tensor.ActivationMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Builds a {@link WanPipeline}. Only the model is needed. */
public final class WanPipelineBuilder {
    private final Map<Component, Path> chosen = new EnumMap<>(Component.class);
    private @Nullable Path model;
    private Optional<Path> tokenizer = Optional.empty();
    private DeviceRequest device = Device.auto();
    private Precision precision = Precision.AS_STORED;
    private MemoryLimit memoryLimit = MemoryLimit.auto();
    private boolean checkFinite;
    private boolean quantisedAttention;
    private boolean graphs = true;
    private final List<Lora> loras = new ArrayList<>();
    private LoraMode loraMode = LoraMode.MERGE;
    private Optional<ActivationMode> activationMode = Optional.empty();
    private UnaryOperator<Device> instrument = UnaryOperator.identity();
    private ModelParts.Heads heads = new ModelParts.Heads(OptionalInt.empty(), OptionalInt.empty());

    WanPipelineBuilder() {}

    /** The model: a folder in any known layout, recognised by the tensors in its files. */
    public WanPipelineBuilder model(Path folder) {
        model = folder;
        return this;
    }

    /** One component from elsewhere: a file, an index or a folder. */
    public WanPipelineBuilder component(Component component, Path path) {
        chosen.put(component, path);
        return this;
    }

    /** The tokenizer: {@code tokenizer.json} or {@code spiece.model}; by default the one in the model folder. */
    public WanPipelineBuilder tokenizer(Path file) {
        tokenizer = Optional.of(file);
        return this;
    }

    /** Where to compute; by default the best device that can be used. */
    public WanPipelineBuilder device(DeviceRequest request) {
        device = request;
        return this;
    }

    /** In what to compute; by default as stored, with the device's preferred activations. */
    public WanPipelineBuilder precision(Precision chosenPrecision) {
        precision = chosenPrecision;
        return this;
    }

    /** A LoRA at the strength it was trained with; several are added in the order of the calls. */
    public WanPipelineBuilder lora(Path file) {
        return lora(Lora.of(file));
    }

    /** A LoRA with a strength; several are added in the order of the calls. */
    public WanPipelineBuilder lora(Path file, float strength) {
        return lora(Lora.of(file, strength));
    }

    /** A LoRA whose strength may differ from step to step; several are added in the order of the calls. */
    public WanPipelineBuilder lora(Lora lora) {
        loras.add(lora);
        return this;
    }

    /** Where LoRAs go; by default into dense weights and beside quantised ones. */
    public WanPipelineBuilder loraMode(LoraMode mode) {
        loraMode = mode;
        return this;
    }

    /**
     * What the transformer's 8-bit layers do with their inputs, w8a8 or w8a16; by default what the release meant: w8a8 with
     * a scale a row, w8a16 with a scale a tensor.
     */
    public WanPipelineBuilder activationMode(ActivationMode mode) {
        activationMode = Optional.of(mode);
        return this;
    }

    /** Puts a device of one's own around the opened one, for measurements; closing the outer one closes the inner one. */
    public WanPipelineBuilder instrument(UnaryOperator<Device> wrapper) {
        instrument = wrapper;
        return this;
    }

    /** How much device memory to take; by default what is free now. */
    public WanPipelineBuilder memoryLimit(MemoryLimit limit) {
        memoryLimit = limit;
        return this;
    }

    /**
     * Whether to look at every layer's output and stop at the first one with infinity or NaN, by its name; off by default.
     * The device waits at every layer, so this is for finding faults.
     */
    public WanPipelineBuilder checkFinite(boolean check) {
        checkFinite = check;
        return this;
    }

    /**
     * Whether the transformer's attention may multiply queries and keys in 8 bits where the device can: CUDA, and CPUs
     * with AMX. Off by default. Its error is derived in {@code docs/cuda.md} and {@code docs/cpu-attention.md}.
     */
    public WanPipelineBuilder quantisedAttention(boolean allow) {
        quantisedAttention = allow;
        return this;
    }

    /**
     * Whether the transformer's blocks may be recorded and handed over as a whole in later steps where the device
     * can (CUDA graphs); on by default. Results are the same bit for bit.
     */
    public WanPipelineBuilder graphs(boolean allow) {
        graphs = allow;
        return this;
    }

    /** Numbers of attention heads, for models of unusual size. */
    public WanPipelineBuilder heads(ModelParts.Heads numbers) {
        heads = numbers;
        return this;
    }

    /**
     * Opens the files, checks every tensor's name and shape, and opens the device. Weights are read at the first use.
     *
     * @throws io.wan4j.error.CheckpointException if the model is incomplete, damaged or of another kind
     * @throws io.wan4j.error.UnsupportedException if its weights are in 8 bit already, but not in the one asked for
     * @throws io.wan4j.error.DeviceException if the device cannot be used
     */
    public WanPipeline build() {
        if (model == null) {
            throw new IllegalArgumentException("pipeline: expected a model folder, got none; call model(Path)");
        }
        ModelFiles files = ModelFiles.open(model, chosen);
        try {
            Tokenizer words = openTokenizer(files, model);
            try {
                ModelParts parts = ModelParts.of(files, heads);
                TransformerWeights weights = TransformerWeights.of(
                        files.part(Component.TRANSFORMER),
                        parts.transformer().source(),
                        new TransformerWeights.Treatment(precision, loraMode, activationMode),
                        loras);
                return open(files, parts, weights, words);
            } catch (RuntimeException | Error failure) {
                words.close();
                throw failure;
            }
        } catch (RuntimeException | Error failure) {
            files.close();
            throw failure;
        }
    }

    private WanPipeline open(ModelFiles files, ModelParts parts, TransformerWeights weights, Tokenizer words) {
        try {
            Device plain = device.with(options()).open();
            Device opened = instrument.apply(checkFinite ? new FiniteCheckDevice(plain) : plain);
            try {
                long available = opened.memory().available();
                long budget = Math.min(memoryLimit.bytes().orElse(available), available);
                return new WanPipeline(files, parts, weights, words, new WanPipeline.Place(opened, budget));
            } catch (RuntimeException | Error failure) {
                opened.close();
                throw failure;
            }
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    private DeviceOptions options() {
        DeviceOptions options = device.options()
                .withQuantisedAttention(quantisedAttention || device.options().quantisedAttention())
                .withGraphs(graphs && device.options().graphs());
        if (memoryLimit.bytes().isPresent()) {
            options = options.withMemoryLimit(memoryLimit.bytes().getAsLong());
        }
        return switch (precision) {
            case AS_STORED, INT8, FP8 -> options;
            case F32 -> options.withFormats(ActivationFormats.F32);
            case BF16 -> options.withFormats(ActivationFormats.BF16);
        };
    }

    private Tokenizer openTokenizer(ModelFiles files, Path folder) {
        if (tokenizer.isPresent()) {
            return Tokenizers.open(tokenizer.get());
        }
        Optional<Path> found = files.tokenizerFile();
        if (found.isPresent()) {
            return Tokenizers.open(found.get());
        }
        Optional<byte[]> inside = files.sentencePiece();
        return inside.isPresent()
                ? Tokenizers.sentencePiece(inside.get(), "the text encoder's file")
                : Tokenizers.find(folder);
    }
}
