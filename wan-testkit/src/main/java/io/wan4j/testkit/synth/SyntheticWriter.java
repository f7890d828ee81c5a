package io.wan4j.testkit.synth;

import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongConsumer;

/** Writes files of synthetic tensors: some threads make pieces, a few ahead of the one that writes. */
final class SyntheticWriter implements AutoCloseable {
    private static final int MAKERS = 2;
    private static final int AHEAD = 6;

    private final SyntheticBytes bytes;
    private final LongConsumer progress;
    private final ExecutorService makers = Executors.newFixedThreadPool(MAKERS);
    private long written;

    SyntheticWriter(long seed, LongConsumer progress) {
        this.bytes = new SyntheticBytes(seed);
        this.progress = progress;
    }

    private record Piece(String name, CompletableFuture<ByteBuffer> content) {}

    void write(Path file, List<SyntheticTensor> tensors) {
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                file, tensors.stream().map(SyntheticTensor::spec).toList(), Map.of("format", "pt"))) {
            ArrayDeque<Piece> queue = new ArrayDeque<>();
            for (SyntheticTensor tensor : tensors) {
                for (long index = 0; index < SyntheticBytes.pieces(tensor); index++) {
                    long piece = index;
                    queue.add(new Piece(
                            tensor.spec().name(),
                            CompletableFuture.supplyAsync(() -> bytes.piece(tensor, piece), makers)));
                    if (queue.size() == AHEAD) {
                        write(writer, queue.remove());
                    }
                }
            }
            while (!queue.isEmpty()) {
                write(writer, queue.remove());
            }
            writer.finish();
        }
    }

    private void write(SafetensorsWriter writer, Piece piece) {
        ByteBuffer content = piece.content().join();
        written += content.remaining();
        writer.write(piece.name(), content);
        progress.accept(written);
    }

    @Override
    public void close() {
        makers.shutdownNow();
    }
}
