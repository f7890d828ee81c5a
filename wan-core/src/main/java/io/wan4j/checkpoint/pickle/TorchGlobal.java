package io.wan4j.checkpoint.pickle;

import io.wan4j.tensor.Format;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The only classes and functions that a state dict may name. */
enum TorchGlobal {
    ORDERED_DICT("collections", "OrderedDict"),
    REBUILD_TENSOR_V2("torch._utils", "_rebuild_tensor_v2"),
    REBUILD_TENSOR_V3("torch._utils", "_rebuild_tensor_v3"),
    REBUILD_PARAMETER("torch._utils", "_rebuild_parameter"),
    UNTYPED_STORAGE("torch.storage", "UntypedStorage"),
    DOUBLE_STORAGE("torch", "DoubleStorage", Format.F64),
    FLOAT_STORAGE("torch", "FloatStorage", Format.F32),
    HALF_STORAGE("torch", "HalfStorage", Format.F16),
    BFLOAT16_STORAGE("torch", "BFloat16Storage", Format.BF16),
    LONG_STORAGE("torch", "LongStorage", Format.I64),
    INT_STORAGE("torch", "IntStorage", Format.I32),
    SHORT_STORAGE("torch", "ShortStorage", Format.I16),
    CHAR_STORAGE("torch", "CharStorage", Format.I8),
    BYTE_STORAGE("torch", "ByteStorage", Format.U8),
    BOOL_STORAGE("torch", "BoolStorage", Format.BOOL),
    FLOAT64("torch", "float64", Format.F64),
    FLOAT32("torch", "float32", Format.F32),
    FLOAT16("torch", "float16", Format.F16),
    BFLOAT16("torch", "bfloat16", Format.BF16),
    FLOAT8_E4M3FN("torch", "float8_e4m3fn", Format.F8_E4M3),
    FLOAT8_E5M2("torch", "float8_e5m2", Format.F8_E5M2),
    INT64("torch", "int64", Format.I64),
    INT32("torch", "int32", Format.I32),
    INT16("torch", "int16", Format.I16),
    INT8("torch", "int8", Format.I8),
    UINT8("torch", "uint8", Format.U8),
    BOOL("torch", "bool", Format.BOOL);

    private final String module;
    private final String symbol;
    private final @Nullable Format format;

    TorchGlobal(String module, String symbol) {
        this(module, symbol, null);
    }

    TorchGlobal(String module, String symbol, @Nullable Format format) {
        this.module = module;
        this.symbol = symbol;
        this.format = format;
    }

    /** The element format of a typed storage or a dtype. */
    Optional<Format> format() {
        return Optional.ofNullable(format);
    }

    /** True for storage classes. */
    boolean isStorage() {
        return symbol.endsWith("Storage");
    }

    /** The global with this name, if it is one of the known ones. */
    static Optional<TorchGlobal> find(String module, String symbol) {
        if (module.equals("torch") && symbol.equals(UNTYPED_STORAGE.symbol)) {
            return Optional.of(UNTYPED_STORAGE);
        }
        return Arrays.stream(values())
                .filter(g -> g.module.equals(module) && g.symbol.equals(symbol))
                .findFirst();
    }
}
