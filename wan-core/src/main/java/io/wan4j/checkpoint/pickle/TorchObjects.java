package io.wan4j.checkpoint.pickle;

import io.wan4j.checkpoint.pickle.PickleValue.Dict;
import io.wan4j.checkpoint.pickle.PickleValue.Global;
import io.wan4j.checkpoint.pickle.PickleValue.Int;
import io.wan4j.checkpoint.pickle.PickleValue.Storage;
import io.wan4j.checkpoint.pickle.PickleValue.Text;
import io.wan4j.checkpoint.pickle.PickleValue.Tuple;
import io.wan4j.checkpoint.pickle.PickleValue.View;
import io.wan4j.tensor.Format;
import java.util.List;

/** What the known functions of a state dict stand for: {@code torch._utils._rebuild_tensor_v2} and its kin. */
final class TorchObjects {
    private static final int MAX_RANK = 16;

    private TorchObjects() {}

    /** The value of {@code callable(*arguments)}. */
    static PickleValue call(PickleReader in, TorchGlobal callable, List<PickleValue> arguments) {
        return switch (callable) {
            case ORDERED_DICT -> {
                if (!arguments.isEmpty()) {
                    throw in.failure("OrderedDict() without arguments, got " + arguments.size());
                }
                yield new Dict();
            }
            case REBUILD_TENSOR_V2 -> tensor(in, arguments, false);
            case REBUILD_TENSOR_V3 -> tensor(in, arguments, true);
            case REBUILD_PARAMETER -> {
                if (arguments.isEmpty() || !(arguments.get(0) instanceof View view)) {
                    throw in.failure("a parameter made from a tensor");
                }
                yield view;
            }
            default -> throw in.failure("a call that rebuilds a tensor, got a call of " + callable);
        };
    }

    /** The storage that a persistent id {@code ('storage', type, key, location, count)} stands for. */
    static Storage storage(PickleReader in, Tuple id) {
        List<PickleValue> parts = id.items();
        if (parts.size() == 5
                && parts.get(0) instanceof Text tag
                && tag.value().equals("storage")
                && parts.get(1) instanceof Global type
                && type.global().isStorage()
                && parts.get(2) instanceof Text key
                && parts.get(4) instanceof Int count
                && count.value() >= 0) {
            return new Storage(type.global(), key.value(), count.value());
        }
        throw in.failure("a persistent id ('storage', type, key, location, count)");
    }

    private static View tensor(PickleReader in, List<PickleValue> arguments, boolean untyped) {
        if (arguments.size() < (untyped ? 7 : 6)
                || !(arguments.get(0) instanceof Storage storage)
                || !(arguments.get(1) instanceof Int offset)) {
            throw in.failure("a tensor rebuilt from a storage and an offset");
        }
        long[] shape = integers(in, arguments.get(2));
        long[] strides = integers(in, arguments.get(3));
        if (shape.length != strides.length || offset.value() < 0) {
            throw in.failure("a stride for each extent and an offset >= 0");
        }
        return new View(storage, format(in, storage, arguments, untyped), offset.value(), shape, strides);
    }

    private static Format format(PickleReader in, Storage storage, List<PickleValue> arguments, boolean untyped) {
        TorchGlobal source = storage.type();
        if (untyped) {
            if (!(arguments.get(6) instanceof Global dtype) || dtype.global().isStorage()) {
                throw in.failure("a dtype for the tensor");
            }
            source = dtype.global();
        }
        return source.format().orElseThrow(() -> in.failure("a storage with a dtype, got an untyped one"));
    }

    private static long[] integers(PickleReader in, PickleValue value) {
        if (!(value instanceof Tuple tuple) || tuple.items().size() > MAX_RANK) {
            throw in.failure("a tuple of at most " + MAX_RANK + " integers");
        }
        return tuple.items().stream()
                .mapToLong(item -> {
                    if (item instanceof Int number && number.value() >= 0) {
                        return number.value();
                    }
                    throw in.failure("integers >= 0 as extents and strides");
                })
                .toArray();
    }
}
