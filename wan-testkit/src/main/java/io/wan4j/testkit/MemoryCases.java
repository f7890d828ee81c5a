package io.wan4j.testkit;

import io.wan4j.dry.DryDevice;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** {@link io.wan4j.spi.Memory}, {@link Arena} and {@link Workspace}. */
final class MemoryCases {
    private static final List<Format> FORMATS = List.of(Format.F32, Format.BF16, Format.F16, Format.I8, Format.F8_E4M3);

    private MemoryCases() {}

    static List<ContractCase> all() {
        return List.of(
                ContractCase.of("bytes come back as they went in", MemoryCases::roundTrip),
                ContractCase.of("slices share the memory of the whole", MemoryCases::slices),
                ContractCase.of("tensors do not overlap", MemoryCases::disjoint),
                ContractCase.of("workspace counts like a dry run", MemoryCases::countsLikeDry),
                ContractCase.of("outer tensors survive inner scopes", MemoryCases::outerSurvives),
                ContractCase.of("1000 scopes and arenas do not grow", MemoryCases::doesNotGrow),
                ContractCase.of("closed arenas hold nothing and may be closed again", MemoryCases::closedArena),
                ContractCase.of("use of closed memory is an error or harmless", MemoryCases::useAfterClose),
                ContractCase.of("trim keeps what is in use", MemoryCases::trim),
                ContractCase.of("empty tensors work", MemoryCases::empty));
    }

    private static byte[] bytes(Random random, Tensor tensor) {
        byte[] content = new byte[Math.toIntExact(tensor.bytes())];
        random.nextBytes(content);
        return content;
    }

    private static void upload(Device device, byte[] content, Tensor tensor) {
        device.memory().upload(ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN), tensor);
    }

    private static byte[] download(Device device, Tensor tensor) {
        byte[] content = new byte[Math.toIntExact(tensor.bytes())];
        device.memory().download(tensor, ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN));
        return content;
    }

    private static void same(String what, byte[] expected, byte[] actual) {
        int index = Arrays.mismatch(expected, actual);
        if (index >= 0) {
            throw new AssertionError(what + ": bytes differ from index " + index + " on");
        }
    }

    private static void equal(String what, long expected, long actual) {
        if (expected != actual) {
            throw new AssertionError(what + ": expected " + expected + ", got " + actual);
        }
    }

    private static void roundTrip(Rig rig) {
        Device device = rig.device();
        try (Ops ops = Ops.on(device);
                Arena arena = device.memory().arena()) {
            for (Format format : FORMATS) {
                for (int size : new int[] {1, 7, 1000}) {
                    for (Tensor tensor :
                            List.of(ops.allocate(Shape.of(size), format), arena.allocate(Shape.of(size), format))) {
                        byte[] content = bytes(rig.random(), tensor);
                        upload(device, content, tensor);
                        same(tensor.toString(), content, download(device, tensor));
                    }
                }
            }
        }
    }

    private static void slices(Rig rig) {
        Device device = rig.device();
        try (Ops ops = Ops.on(device)) {
            Tensor whole = ops.allocate(Shape.of(6, 5, 3), Format.BF16);
            byte[] content = bytes(rig.random(), whole);
            upload(device, content, whole);
            same("slice", Arrays.copyOfRange(content, 60, 150), download(device, whole.slice(2, 5)));
            byte[] entry = bytes(rig.random(), whole.entry(3));
            upload(device, entry, whole.entry(3));
            System.arraycopy(entry, 0, content, 90, 30);
            same("whole after its entry was written", content, download(device, whole));
        }
    }

    private static void disjoint(Rig rig) {
        Device device = rig.device();
        try (Ops ops = Ops.on(device)) {
            Tensor[] tensors = new Tensor[40];
            byte[][] contents = new byte[tensors.length][];
            for (int i = 0; i < tensors.length; i++) {
                int size = 1 + rig.random().nextInt(200_000);
                tensors[i] = ops.allocate(Shape.of(size), FORMATS.get(i % FORMATS.size()));
                contents[i] = bytes(rig.random(), tensors[i]);
                upload(device, contents[i], tensors[i]);
            }
            for (int i = 0; i < tensors.length; i++) {
                same("tensor " + i, contents[i], download(device, tensors[i]));
            }
        }
    }

    private static void countsLikeDry(Rig rig) {
        long seed = rig.random().nextLong();
        Workspace real = rig.device().memory().workspace();
        Workspace dry = new DryDevice(rig.device().formats()).memory().workspace();
        long base = real.mark();
        real.resetPeak();
        dry.resetPeak();
        long dryBase = dry.mark();
        nest(new Random(seed), real, 0);
        nest(new Random(seed), dry, 0);
        equal("bytes in use", dry.mark() - dryBase, real.mark() - base);
        equal("peak", dry.peak() - dryBase, real.peak() - base);
        real.rewind(base);
        equal("bytes in use after rewind", base, real.mark());
        real.rewind(base);
    }

    private static void nest(Random random, Workspace workspace, int depth) {
        for (int i = 0; i < 6; i++) {
            Shape shape = Shape.of(random.nextInt(5), 1 + random.nextInt(3000), 1 + random.nextInt(30));
            workspace.allocate(shape, FORMATS.get(random.nextInt(FORMATS.size())));
            if (depth < 3) {
                long mark = workspace.mark();
                nest(random, workspace, depth + 1);
                workspace.rewind(mark);
            }
        }
    }

    private static void outerSurvives(Rig rig) {
        Device device = rig.device();
        try (Ops outer = Ops.on(device)) {
            Tensor kept = outer.allocate(Shape.of(1000), Format.F32);
            byte[] content = bytes(rig.random(), kept);
            upload(device, content, kept);
            for (int i = 1; i < 30; i++) {
                try (Ops inner = outer.nested()) {
                    Tensor temporary = inner.allocate(Shape.of(i * 100_000L), Format.F32);
                    upload(device, new byte[Math.toIntExact(temporary.bytes())], temporary);
                }
            }
            same("outer tensor", content, download(device, kept));
        }
    }

    private static void doesNotGrow(Rig rig) {
        Device device = rig.device();
        long inUse = device.memory().workspace().mark();
        long inArenas = device.memory().inArenas();
        for (int i = 0; i < 1000; i++) {
            try (Ops ops = Ops.on(device);
                    Ops inner = ops.nested();
                    Arena arena = device.memory().arena()) {
                ops.allocate(Shape.of(1 + i * 37 % 5000), Format.F32);
                inner.allocate(Shape.of(1 + i * 101 % 50_000), Format.BF16);
                arena.allocate(Shape.of(1 + i * 53 % 20_000), Format.F32);
            }
        }
        equal("bytes in arenas", inArenas, device.memory().inArenas());
        equal("bytes in the workspace", inUse, device.memory().workspace().mark());
        device.memory().workspace().rewind(inUse);
        device.memory().workspace().rewind(inUse);
    }

    private static void closedArena(Rig rig) {
        long before = rig.device().memory().inArenas();
        Arena arena = rig.device().memory().arena();
        arena.allocate(Shape.of(300), Format.F32);
        if (arena.bytes() < 1200) {
            throw new AssertionError("arena with 300 F32: expected at least 1200 bytes, got " + arena.bytes());
        }
        equal("bytes in arenas", before + arena.bytes(), rig.device().memory().inArenas());
        arena.close();
        arena.close();
        equal("bytes in arenas after close", before, rig.device().memory().inArenas());
    }

    private static void useAfterClose(Rig rig) {
        Device device = rig.device();
        Arena arena = device.memory().arena();
        Tensor kept = arena.allocate(Shape.of(64), Format.F32);
        arena.close();
        try {
            download(device, kept);
        } catch (RuntimeException error) {
            // An error is right; so is whatever the memory holds now. A crash is not.
        }
        roundTrip(rig);
    }

    private static void trim(Rig rig) {
        Device device = rig.device();
        try (Ops ops = Ops.on(device)) {
            Tensor kept = ops.allocate(Shape.of(1000), Format.F32);
            byte[] content = bytes(rig.random(), kept);
            upload(device, content, kept);
            try (Ops inner = ops.nested()) {
                inner.allocate(Shape.of(3_000_000), Format.F32);
            }
            device.memory().workspace().trim();
            same("tensor in use while trimming", content, download(device, kept));
        }
    }

    private static void empty(Rig rig) {
        try (Ops ops = Ops.on(rig.device())) {
            Tensor none = ops.allocate(Shape.of(0, 3, 4, 5), Format.F32);
            upload(rig.device(), new byte[0], none);
            equal("bytes of an empty tensor", 0, download(rig.device(), none).length);
        }
    }
}
