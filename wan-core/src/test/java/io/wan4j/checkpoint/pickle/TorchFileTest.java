package io.wan4j.checkpoint.pickle;

import static io.wan4j.checkpoint.pickle.TorchZip.number;
import static io.wan4j.checkpoint.pickle.TorchZip.oneTensor;
import static io.wan4j.checkpoint.pickle.TorchZip.ops;
import static io.wan4j.checkpoint.pickle.TorchZip.text;
import static io.wan4j.checkpoint.pickle.TorchZip.tuple;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(10)
class TorchFileTest {
    private static final String TINY = "pipeline/Wan2.1-I2V-tiny/";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Wan2.1_VAE",
                "models_clip_open-clip-xlm-roberta-large-vit-huge-14",
                "models_t5_umt5-xxl-enc-bf16"
            })
    void goldenStateDictEqualsItsTwinBitForBit(String stem) {
        try (TorchFile pickled = TorchFile.open(Goldens.path(TINY + stem + ".pth"));
                SafetensorsFile twin =
                        SafetensorsFile.open(Goldens.path(TINY + "safetensors_twins/" + stem + ".safetensors"))) {
            assertThat(pickled.names()).containsExactlyInAnyOrderElementsOf(twin.names());
            for (String name : twin.names()) {
                CheckpointTensor tensor = pickled.tensor(name);
                assertThat(TensorSpec.of(tensor)).isEqualTo(TensorSpec.of(twin.tensor(name)));
                assertThat(tensor.map()).isEqualTo(twin.tensor(name).map());
            }
        }
    }

    @Test
    void transposedTensorIsReadInRowOrder() throws IOException {
        Path path = write(new TorchZip()
                .pickle(oneTensor(8, 1, tuple(2, 3), tuple(1, 2)))
                .storage("0", floats(9, 1, 2, 3, 4, 5, 6, 9))
                .stored());
        try (TorchFile file = TorchFile.open(path)) {
            assertThat(file.tensor("x").shape()).isEqualTo(Shape.of(2, 3));
            assertThat(file.tensor("x").toFloats()).containsExactly(1, 3, 5, 2, 4, 6);
            assertThat(file.tensor("x").read(4, 8).getFloat(4)).isEqualTo(5);
        }
    }

    @Test
    void eightBitTensorsOfNewerVersionsAreRead() throws IOException {
        byte[] pickle = ops(
                "\u0080\u0002}",
                text("w"),
                "ctorch._utils\n_rebuild_tensor_v3\n((",
                text("storage"),
                "ctorch.storage\nUntypedStorage\n",
                text("0"),
                text("cuda:0"),
                number(4),
                "tQ",
                number(1),
                tuple(3),
                tuple(1),
                "\u0089}ctorch\nfloat8_e4m3fn\ntRs.");
        Path path = write(new TorchZip()
                .pickle(pickle)
                .storage("0", new byte[] {0x38, 0x40, (byte) 0xC0, 0x7E})
                .entry("m/byteorder", "little".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .entry("m/version", new byte[] {'3', '\n'})
                .stored());
        try (TorchFile file = TorchFile.open(path)) {
            assertThat(file.tensor("w").format()).isEqualTo(Format.F8_E4M3);
            assertThat(file.tensor("w").toFloats()).containsExactly(2, -2, 448);
        }
    }

    @Test
    void parametersAndStackGlobalsAreRead() throws IOException {
        byte[] pickle = ops(
                "\u0080\u0004\u0095\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000}",
                text("w"),
                text("torch._utils"),
                text("_rebuild_parameter"),
                "\u0093(",
                text("torch._utils"),
                text("_rebuild_tensor_v2"),
                "\u0093\u0094((",
                text("storage"),
                "ctorch\nBoolStorage\n",
                text("0"),
                text("cpu"),
                "K\u0002",
                "tQK\u0000K\u0002\u0085K\u0001\u0085\u0088ccollections\nOrderedDict\n)RtR\u0088}tRs.");
        Path path = write(
                new TorchZip().pickle(pickle).storage("0", new byte[] {1, 0}).stored());
        try (TorchFile file = TorchFile.open(path)) {
            assertThat(file.tensor("w").toLongs()).containsExactly(1, 0);
        }
    }

    static Stream<Arguments> hostilePickles() {
        String head = "\u0080\u0002";
        return Stream.of(
                Arguments.of("call of a foreign function", ops(head, "cos\nsystem\n(", text("ls"), "tR."), "os.system"),
                Arguments.of("foreign class by name alone", ops(head, "cbuiltins\neval\n."), "builtins.eval"),
                Arguments.of("stack global", ops(head, text("posix"), text("system"), "\u0093."), "posix.system"),
                Arguments.of("dotted name", ops(head, "ctorch\nload.__globals__\n."), "torch.load.__globals__"),
                Arguments.of("INST", ops(head, "(ios\nsystem\n."), "'i' 0x69"),
                Arguments.of("OBJ", ops(head, "(ctorch\nFloatStorage\no."), "'o' 0x6f"),
                Arguments.of("NEWOBJ", ops(head, "ctorch\nFloatStorage\n)\u0081."), "0x81"),
                Arguments.of("extension registry", ops(head, "\u0082\u0001."), "0x82"),
                Arguments.of("PERSID as text", ops(head, "Pfile\n."), "'P' 0x50"),
                Arguments.of(
                        "call of a storage class", ops(head, "ctorch\nFloatStorage\n)R."), "a call of FLOAT_STORAGE"),
                Arguments.of("call of a string", ops(head, text("os.system"), ")R."), "expected a Global"),
                Arguments.of(
                        "OrderedDict of something", ops(head, "ccollections\nOrderedDict\n(]tR."), "without arguments"),
                Arguments.of("BUILD on a tuple", ops(head, ")}b."), "BUILD on a dict"),
                Arguments.of("BUILD with a tuple", ops(head, "}(K\u0001t", "b."), "expected a Dict"),
                Arguments.of("huge integer", ops(head, "\u008a\u00FF."), "at most 8 bytes"),
                Arguments.of("LONG4", ops(head, "\u008b\u00FF\u00FF\u00FF\u007F."), "0x8b"),
                Arguments.of("huge string", ops(head, "X\u00FF\u00FF\u00FF\u007F."), "2147483647 more bytes"),
                Arguments.of("4 GiB string", ops(head, "X\u00FF\u00FF\u00FF\u00FF."), "4294967295 more bytes"),
                Arguments.of(
                        "BINUNICODE8", ops(head, "\u008d\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u007F."), "0x8d"),
                Arguments.of(
                        "huge frame",
                        ops(head, "\u0095\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u007F."),
                        "1 values on the stack"),
                Arguments.of("text that is not UTF-8", ops(head, "\u008c\u0001\u00FF."), "UTF-8"),
                Arguments.of("missing memo", ops(head, "h\u0007."), "memo entry 7"),
                Arguments.of(
                        "huge memo index",
                        ops(head, "}r\u00FF\u00FF\u00FF\u00FFj\u00FE\u00FF\u00FF\u00FF."),
                        "memo entry 4294967294"),
                Arguments.of("empty stack", ops(head, "."), "1 values on the stack"),
                Arguments.of("below the mark", ops(head, "}(", "\u0085."), "1 values on the stack"),
                Arguments.of("no mark", ops(head, "t."), "a mark"),
                Arguments.of("no STOP", ops(head, "}"), "more bytes"),
                Arguments.of("empty", new byte[0], "more bytes"),
                Arguments.of("newer protocol", ops("\u0080\u0009."), "protocol"),
                Arguments.of("endless line", ops(head, "c" + "a".repeat(5000)), "at most 1000"),
                Arguments.of("a tuple as key", ops(head, "})K\u0001s."), "a string as key"),
                Arguments.of("the same key twice", ops(head, "}", text("a"), "Ns", text("a"), "Ns."), "two of a"),
                Arguments.of("not a dict", ops(head, "]."), "expected a state dict, got a pickled items"),
                Arguments.of("not a tensor", ops(head, "}", text("lr"), "K\u0001s."), "lr: expected a tensor"),
                Arguments.of("nested dict", ops(head, "}", text("model"), "}s."), "model: expected a tensor"),
                Arguments.of(
                        "exponential tuples",
                        ops(head, "}", text("a"), ")" + "q\u0000h\u0000\u0086".repeat(500), "s."),
                        "a: expected a tensor"),
                Arguments.of(
                        "dict that holds itself",
                        ops(head, "}q\u0000", text("a"), "h\u0000s."),
                        "a: expected a tensor"),
                Arguments.of("foreign persistent id", ops(head, "(", text("file"), "tQ."), "persistent id"),
                Arguments.of(
                        "storage of a dtype",
                        ops(head, "(", text("storage"), "ctorch\nfloat32\n", text("0"), text("cpu"), "K\u0001tQ."),
                        "persistent id"),
                Arguments.of("unknown storage", oneTensorWithKey("7"), "zip entry m/data/7"),
                Arguments.of("path as key", oneTensorWithKey("../data.pkl"), "zip entry m/data/../data.pkl"),
                Arguments.of("storage count too large", oneTensor(5, 0, tuple(4), tuple(1)), "a storage of 5 elements"),
                Arguments.of("storage count overflows", oneTensor(1L << 62, 0, tuple(4), tuple(1)), "x: expected"),
                Arguments.of("beyond the storage", oneTensor(4, 1, tuple(4), tuple(1)), "x: expected [4] within"),
                Arguments.of("shape beyond", oneTensor(4, 0, tuple(5), tuple(1)), "x: expected [5] within"),
                Arguments.of("stride beyond", oneTensor(4, 0, tuple(2, 2), tuple(3, 1)), "x: expected [2,2] within"),
                Arguments.of("expanded", oneTensor(4, 0, tuple(1L << 40), tuple(0)), "x: expected"),
                Arguments.of(
                        "overflowing shape",
                        oneTensor(4, 0, tuple(1L << 40, 1L << 40), tuple(0, 0)),
                        "x: expected a shape"),
                Arguments.of(
                        "overflowing strides",
                        oneTensor(4, 0, tuple(2, 2), tuple(Long.MAX_VALUE, Long.MAX_VALUE)),
                        "x: expected"),
                Arguments.of("negative extent", oneTensor(4, 0, tuple(-1), tuple(1)), "integers >= 0"),
                Arguments.of("negative stride", oneTensor(4, 0, tuple(4), tuple(-1)), "integers >= 0"),
                Arguments.of("negative offset", oneTensor(4, -1, tuple(4), tuple(1)), "offset >= 0"),
                Arguments.of("negative count", oneTensor(-1, 0, tuple(4), tuple(1)), "persistent id"),
                Arguments.of("strides missing", oneTensor(4, 0, tuple(4), tuple()), "a stride for each"),
                Arguments.of("rank 17", oneTensor(4, 0, tuple(new long[17]), tuple(new long[17])), "at most 16"),
                Arguments.of("too many opcodes", ops(head, "N".repeat(2_100_000)), "opcodes"),
                Arguments.of("many marks", ops(head, "(".repeat(1_000_000), "."), "values on the stack"));
    }

    private static byte[] oneTensorWithKey(String key) {
        String pickle = new String(oneTensor(4, 0, tuple(4), tuple(1)), java.nio.charset.StandardCharsets.ISO_8859_1);
        return ops(pickle.replace(text("0"), text(key)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostilePickles")
    void hostilePickleIsRefused(String what, byte[] pickle, String message) throws IOException {
        Path path = write(
                new TorchZip().pickle(pickle).storage("0", floats(1, 2, 3, 4)).stored());
        assertThatThrownBy(() -> TorchFile.open(path))
                .as(what)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(message);
    }

    @Test
    void compressedEntriesAreRefused() throws IOException {
        byte[] bomb = new byte[20 << 20];
        assertRefused(new TorchZip().pickle(bomb).deflated(), "compressed or encrypted (method 8)");
    }

    @Test
    void bigEndianFilesAreRefused() throws IOException {
        TorchZip zip = new TorchZip().pickle(ops("}.")).entry("m/byteorder", new byte[] {'b', 'i', 'g'});
        assertRefused(zip.stored(), "expected byteorder little, got big");
    }

    @Test
    void filesWithoutOnePickleAreRefused() throws IOException {
        assertRefused(new TorchZip().entry("m/code/x.py", new byte[4]).stored(), "got 0");
        assertRefused(
                new TorchZip().pickle(ops("}.")).entry("n/data.pkl", ops("}.")).stored(), "got 2");
    }

    @Test
    void hugePickleIsNotRead() throws IOException {
        assertRefused(new TorchZip().pickle(new byte[(16 << 20) + 1]).stored(), "data.pkl: expected at most");
    }

    @Test
    void olderFormatIsNamedWithItsRemedy() throws IOException {
        byte[] legacy = ops("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.\u0080\u0002M\u00e9\u0003.");
        assertRefused(legacy, "the format of an older PyTorch; load and save it again");
        assertRefused("not a checkpoint".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "something else");
        assertRefused(new byte[0], "something else");
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = new TorchZip()
                .pickle(oneTensor(4, 0, tuple(4), tuple(1)))
                .storage("0", floats(1, 2, 3, 4))
                .stored();
        for (int length = 0; length < whole.length; length++) {
            assertRefused(Arrays.copyOf(whole, length), "expected");
        }
    }

    /** Any single damaged byte of directory or headers is refused or harmless, never another exception. */
    @Test
    void everyDamagedByteIsRefusedOrHarmless() throws IOException {
        byte[] whole = new TorchZip()
                .pickle(oneTensor(4, 0, tuple(4), tuple(1)))
                .storage("0", floats(1, 2, 3, 4))
                .stored();
        for (int at = 0; at < whole.length; at++) {
            for (int flip : new int[] {0x01, 0x80, 0xFF}) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) flip;
                try (TorchFile file = TorchFile.open(write(damaged))) {
                    file.names().forEach(name -> file.tensor(name).map());
                } catch (CheckpointException expected) {
                    assertThat(expected).hasMessageContaining("expected");
                }
            }
        }
    }

    @Test
    void overlappingEntriesAreRefused() throws IOException {
        byte[] zip = new TorchZip()
                .pickle(oneTensor(4, 0, tuple(4), tuple(1)))
                .storage("0", floats(1, 2, 3, 4))
                .storage("1", floats(1, 2, 3, 4))
                .stored();
        ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        int directory = bytes.getInt(zip.length - 6);
        int second = directory + 46 + "m/data.pkl".length();
        int third = second + 46 + "m/data/0".length();
        bytes.putInt(third + 42, bytes.getInt(second + 42));
        assertRefused(zip, "zip entries that do not overlap");
    }

    @Test
    void claimedNumberOfEntriesIsNotAllocated() throws IOException {
        byte[] zip = new TorchZip().pickle(ops("}.")).stored();
        ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort(zip.length - 12, (short) 0xFFFE);
        assertRefused(zip, "as many zip entries as announced");
        bytes.putInt(zip.length - 10, 0x7FFFFFFF);
        assertRefused(zip, "a zip directory within the file");
    }

    @Test
    void zip64DirectoryIsRead() throws IOException {
        byte[] zip = new TorchZip()
                .pickle(oneTensor(4, 0, tuple(4), tuple(1)))
                .storage("0", floats(1, 2, 3, 4))
                .stored();
        try (TorchFile file = TorchFile.open(write(asZip64(zip)))) {
            assertThat(file.tensor("x").toFloats()).containsExactly(1, 2, 3, 4);
        }
    }

    /** The same zip with the end record full and a zip64 end record and locator before it. */
    private static byte[] asZip64(byte[] zip) {
        ByteBuffer end = ByteBuffer.wrap(zip, zip.length - 22, 22).slice().order(ByteOrder.LITTLE_ENDIAN);
        int at = zip.length - 22;
        ByteBuffer out = ByteBuffer.allocate(zip.length + 76).order(ByteOrder.LITTLE_ENDIAN);
        out.put(zip, 0, at);
        out.putInt(0x06064b50).putLong(44).putInt(0).putLong(0);
        out.putLong(end.getShort(8))
                .putLong(end.getShort(10))
                .putLong(end.getInt(12))
                .putLong(end.getInt(16));
        out.putInt(0x07064b50).putInt(0).putLong(at).putInt(1);
        end.putShort(8, (short) -1).putShort(10, (short) -1).putInt(12, -1).putInt(16, -1);
        out.put(end);
        return out.array();
    }

    private void assertRefused(byte[] bytes, String message) throws IOException {
        Path path = write(bytes);
        assertThatThrownBy(() -> TorchFile.open(path))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("x.pth"), bytes);
    }

    private static byte[] floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }
}
