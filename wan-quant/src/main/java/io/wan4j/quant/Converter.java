package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.error.CheckpointException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Converts one component of a model: layout, formats, LoRAs, files. Streams, so that memory does not grow with the size;
 * uses all cores; reads back what it wrote; never writes to its input.
 *
 * <p>Everything is written to a hidden folder beside the target and moved when it is complete and verified. A conversion
 * that was killed leaves nothing that loads, and goes on at the tensor where it stood when it is called again.
 */
public final class Converter {
    private static final int PIECE = 32 << 20;
    private static final int READ_BACK = 1 << 16;

    private final Conversion conversion;
    private final ConversionListener listener;

    /** A converter that tells {@code listener} how far it is. */
    public Converter(Conversion conversion, ConversionListener listener) {
        this.conversion = conversion;
        this.listener = listener;
    }

    /**
     * Runs the conversion.
     *
     * @return what was made; it is also in {@code *.report.json} beside the target
     * @throws CheckpointException if the input is damaged, or what was written reads back differently
     * @throws UncheckedIOException if it cannot be written, for example on a full disk; nothing is left then
     * @throws IllegalArgumentException if the target exists
     */
    public ConversionReport run() {
        try (ModelPart part = ModelPart.open(conversion.source())) {
            return run(part, part.sentencePiece());
        }
    }

    /**
     * Runs the conversion on a component that is open already, and stays so.
     *
     * @param tokenizer SentencePiece model for layouts that keep it in the text encoder's file
     */
    ConversionReport run(ModelPart part, Optional<byte[]> tokenizer) {
        conversion.check(part);
        try (SourceTensors source = new SourceTensors(part, conversion.changes())) {
            ConversionPlan plan = new ConversionPlan(part, source, conversion.format());
            String identity = Staging.identity(conversion, part.files())
                    + tokenizer
                            .map(bytes -> " tokenizer " + Arrays.hashCode(bytes))
                            .orElse("");
            Staging staging = Staging.open(conversion, identity);
            Map<String, List<CheckpointTensor>> files = plan.files(conversion.naming(), staging.stem(), tokenizer);
            Work work = new Work(plan, staging, files, identity);
            ConversionReport report = work.run(source);
            try {
                staging.finish(part, files, report);
            } catch (UncheckedIOException failure) {
                staging.remove();
                throw failure;
            }
            return report;
        }
    }

    /** One run. */
    private final class Work {
        private final ConversionPlan plan;
        private final Staging staging;
        private final Map<String, List<CheckpointTensor>> files;
        private final long total;
        private final String identity;
        private long done;

        Work(ConversionPlan plan, Staging staging, Map<String, List<CheckpointTensor>> files, String identity) {
            this.identity = identity;
            this.plan = plan;
            this.staging = staging;
            this.files = files;
            this.total = 2
                    * files.values().stream()
                            .flatMap(List::stream)
                            .mapToLong(CheckpointTensor::bytes)
                            .sum();
        }

        ConversionReport run(SourceTensors source) {
            staging.checkRoom(total / 2);
            try (Journal journal = Journal.open(staging.journal(), identity)) {
                files.forEach((file, tensors) -> write(file, tensors, journal));
                files.forEach((file, tensors) -> verify(file, tensors, journal));
                Map<String, TensorError> errors = new LinkedHashMap<>();
                journal.all().forEach(entry -> entry.errors().forEach(error -> errors.put(error.tensor(), error)));
                return new ConversionReport(
                        conversion.source().toString(),
                        List.copyOf(files.keySet()),
                        total / 2,
                        files.values().stream().mapToInt(List::size).sum(),
                        conversion.naming().layout(),
                        conversion.format(),
                        List.copyOf(errors.values()),
                        source.loras(),
                        source.balanced());
            } catch (UncheckedIOException failure) {
                staging.remove();
                throw failure;
            }
        }

        private void write(String file, List<CheckpointTensor> tensors, Journal journal) {
            Path staged = staging.file(file);
            Map<String, Journal.Entry> finished = journal.of(file);
            if (staging.isFinished(file) && finished.size() == tensors.size()) {
                done += tensors.stream().mapToLong(CheckpointTensor::bytes).sum();
                return;
            }
            List<TensorSpec> specs = tensors.stream().map(TensorSpec::of).toList();
            boolean known = staging.hasPartial(file);
            Map<String, Journal.Entry> kept = known ? finished : Map.of();
            try (SafetensorsWriter writer =
                    SafetensorsWriter.resume(staged, specs, Map.of("format", "pt"), kept.keySet())) {
                for (CheckpointTensor tensor : tensors) {
                    if (kept.containsKey(tensor.name())) {
                        done += tensor.bytes();
                    } else {
                        journal.add(write(file, tensor, writer));
                    }
                }
                writer.finish();
            }
        }

        private Journal.Entry write(String file, CheckpointTensor tensor, SafetensorsWriter writer) {
            CRC32C checksum = new CRC32C();
            long rows =
                    tensor.shape().rank() == 0 ? 1 : Math.max(1, tensor.shape().dim(0));
            long row = Math.max(1, tensor.bytes() / rows);
            long piece = Math.max(row, PIECE / row * row);
            for (long from = 0; from < tensor.bytes(); from += piece) {
                ByteBuffer bytes = tensor.read(from, Math.min(piece, tensor.bytes() - from));
                checksum.update(bytes.duplicate());
                done += bytes.remaining();
                writer.write(tensor.name(), bytes);
                listener.at(tensor.name(), done, total);
            }
            List<TensorError> errors = plan.takeErrors();
            return new Journal.Entry(file, tensor.name(), checksum.getValue(), errors);
        }

        private void verify(String file, List<CheckpointTensor> tensors, Journal journal) {
            Map<String, Journal.Entry> entries = journal.of(file);
            try (SafetensorsFile written = SafetensorsFile.open(staging.file(file))) {
                for (CheckpointTensor tensor : tensors) {
                    CheckpointTensor read = written.tensor(tensor.name());
                    CRC32C checksum = new CRC32C();
                    for (long from = 0; from < read.bytes(); from += READ_BACK) {
                        checksum.update(read.read(from, Math.min(READ_BACK, read.bytes() - from)));
                    }
                    Journal.Entry entry = entries.get(tensor.name());
                    if (entry == null
                            || entry.checksum() != checksum.getValue()
                            || !TensorSpec.of(read).equals(TensorSpec.of(tensor))) {
                        throw damaged(tensor);
                    }
                    done += read.bytes();
                    listener.at("verifying " + tensor.name(), done, total);
                }
            }
        }

        private CheckpointException damaged(CheckpointTensor tensor) {
            staging.remove();
            return new CheckpointException(tensor.name() + ": expected to read back what was written to "
                    + staging.target() + ", got other bytes; is the disk or its memory damaged? Convert again");
        }
    }
}
