package io.wan4j.checkpoint.pickle;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.MappedFile;
import io.wan4j.checkpoint.TensorBytes;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.checkpoint.pickle.PickleValue.Dict;
import io.wan4j.checkpoint.pickle.PickleValue.View;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.ShapeException;
import io.wan4j.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A state dict written by {@code torch.save}: a zip file with {@code <stem>/data.pkl}, raw little-endian storages {@code
 * <stem>/data/<key>}, and optionally {@code byteorder} and {@code version}. The top-level object must be a dict or
 * OrderedDict from names to tensors. Tensors are mapped from the zip file; nothing is unpacked and nothing is executed.
 */
public final class TorchFile implements TensorFiles {
    private static final int MAX_PICKLE = 16 << 20;
    private static final String PICKLE = "/data.pkl";

    private final MappedFile file;
    private final Map<String, CheckpointTensor> tensors;

    private TorchFile(MappedFile file, Map<String, CheckpointTensor> tensors) {
        this.file = file;
        this.tensors = tensors;
    }

    /**
     * Opens a file and reads its pickle.
     *
     * @throws CheckpointException if it is not a sound zip file with a state dict
     */
    public static TorchFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            checkMagic(file);
            return new TorchFile(file, new Parser(file, ZipDirectory.read(file)).tensors());
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static void checkMagic(MappedFile file) {
        byte[] head = file.read(0, (int) Math.min(4, file.size()));
        if (head.length == 4 && head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4) {
            return;
        }
        boolean legacy = head.length == 4 && (head[0] & 0xFF) == 0x80 && (head[2] & 0xFF) == 0x8a;
        throw new CheckpointException(file + ": expected a zip file as torch.save of PyTorch 1.6 or later writes, got "
                + (legacy
                        ? "the format of an older PyTorch; load and save it again, or convert it to safetensors"
                        : "something else; is the download complete?"));
    }

    /** Makes tensors out of the pickle's views and the zip's entries. */
    private record Parser(MappedFile file, Map<String, ZipDirectory.Entry> entries) {

        Map<String, CheckpointTensor> tensors() {
            String stem = stem();
            checkByteOrder(stem);
            byte[] pickle = read(stem + PICKLE, MAX_PICKLE);
            PickleValue top = PickleMachine.read(file + ": data.pkl", pickle);
            if (!(top instanceof Dict dict)) {
                throw new CheckpointException(file + ": expected a state dict, got a pickled " + top.kind());
            }
            Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
            dict.entries().forEach((name, value) -> {
                if (!(value instanceof View view)) {
                    throw new CheckpointException(file + ": " + name + ": expected a tensor, got a pickled "
                            + value.kind() + "; save the state dict alone");
                }
                tensors.put(name, tensor(stem, name, view));
            });
            return Collections.unmodifiableMap(tensors);
        }

        private String stem() {
            List<String> stems = entries.keySet().stream()
                    .filter(name -> name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length())
                    .map(name -> name.substring(0, name.length() - PICKLE.length()))
                    .toList();
            if (stems.size() != 1) {
                throw new CheckpointException(file + ": expected one data.pkl in the zip file, got " + stems.size()
                        + "; is this a checkpoint?");
            }
            return stems.get(0);
        }

        private void checkByteOrder(String stem) {
            String name = stem + "/byteorder";
            if (entries.containsKey(name)) {
                String order = new String(read(name, 16), StandardCharsets.US_ASCII);
                if (!order.equals("little")) {
                    throw new CheckpointException(file + ": expected byteorder little, got " + order
                            + "; save it again on a little-endian machine");
                }
            }
        }

        private byte[] read(String name, int limit) {
            ZipDirectory.Entry entry = entry(name);
            if (entry.size() > limit) {
                throw new CheckpointException(
                        file + ": " + name + ": expected at most " + limit + " bytes, got " + entry.size());
            }
            return file.read(entry.offset(), (int) entry.size());
        }

        private ZipDirectory.Entry entry(String name) {
            ZipDirectory.Entry entry = entries.get(name);
            if (entry == null) {
                throw new CheckpointException(file + ": expected zip entry " + name + ", got none");
            }
            return entry;
        }

        private CheckpointTensor tensor(String stem, String name, View view) {
            int width = view.format().bytes();
            ZipDirectory.Entry entry = entry(stem + "/data/" + view.storage().key());
            int unit = view.storage().type().format().map(f -> f.bytes()).orElse(1);
            long elements = entry.size() / width;
            try {
                Shape shape = Shape.of(view.shape());
                if (Math.multiplyExact(view.storage().count(), (long) unit) != entry.size()) {
                    throw new CheckpointException(file + ": " + name + ": expected a storage of "
                            + view.storage().count() + " elements of " + unit + " bytes, got " + entry.size()
                            + " bytes in " + entry.name());
                }
                if (shape.count() > elements || lastElement(view, shape) >= elements) {
                    throw new CheckpointException(file + ": " + name + ": expected " + shape + " within a storage of "
                            + elements + " elements, got offset " + view.offset() + " and strides "
                            + Arrays.toString(view.strides()));
                }
                return new CheckpointTensor(name, shape, view.format(), bytes(entry, view, shape));
            } catch (ShapeException | ArithmeticException e) {
                throw new CheckpointException(
                        file + ": " + name + ": expected a shape that the file can hold, got "
                                + Arrays.toString(view.shape()),
                        e);
            }
        }

        private TensorBytes bytes(ZipDirectory.Entry entry, View view, Shape shape) {
            int width = view.format().bytes();
            if (isContiguous(view, shape)) {
                long first = shape.count() == 0 ? 0 : view.offset();
                return file.region(entry.offset() + first * width, shape.count() * width);
            }
            TensorBytes storage = file.region(entry.offset(), entry.size());
            return new StridedBytes(storage, width, view.offset(), view.shape(), view.strides());
        }

        private static long lastElement(View view, Shape shape) {
            if (shape.count() == 0) {
                return -1;
            }
            long last = view.offset();
            for (int axis = 0; axis < view.shape().length; axis++) {
                last = Math.addExact(last, Math.multiplyExact(view.shape()[axis] - 1, view.strides()[axis]));
            }
            return last;
        }

        private static boolean isContiguous(View view, Shape shape) {
            if (shape.count() == 0) {
                return true;
            }
            long expected = 1;
            for (int axis = view.shape().length - 1; axis >= 0; axis--) {
                if (view.shape()[axis] != 1 && view.strides()[axis] != expected) {
                    return false;
                }
                expected *= view.shape()[axis];
            }
            return true;
        }
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public Optional<CheckpointTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public List<Path> files() {
        return List.of(file.path());
    }

    /** Always empty: state dicts carry no free text. */
    @Override
    public Map<String, String> metadata() {
        return Map.of();
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return "torch state dict " + file;
    }
}
