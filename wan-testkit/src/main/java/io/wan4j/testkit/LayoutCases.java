package io.wan4j.testkit;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** patchify, unpatchify, upsample, interleaveFrames, channelsLast, channelsFirst. */
final class LayoutCases {
    private LayoutCases() {}

    static List<ContractCase> patchify(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        int[][] grids = {{1, 2, 2}, {3, 4, 6}, {2, 2, 10}};
        for (Format format : activations) {
            for (int[] g : grids) {
                cases.add(ContractCase.of("16 and 20 channels " + grid(g) + " to " + format, rig -> {
                    patchify(rig, format, g, new int[] {16, 20});
                }));
                cases.add(ContractCase.of("3, 1 and 2 channels " + grid(g) + " to " + format, rig -> {
                    patchify(rig, format, g, new int[] {3, 1, 2});
                }));
            }
        }
        return cases;
    }

    private static String grid(int[] sizes) {
        return sizes[0] + "x" + sizes[1] + "x" + sizes[2];
    }

    private static void patchify(Rig rig, Format format, int[] g, int[] channels) {
        int pixels = g[0] * g[1] * g[2];
        List<Tensor> parts = new ArrayList<>();
        List<Float> all = new ArrayList<>();
        for (int count : channels) {
            Rig.Sample part = rig.normal(Format.F32, count, g[0], g[1], g[2]);
            parts.add(part.tensor());
            for (float value : part.values()) {
                all.add(value);
            }
        }
        int columns = all.size() / pixels * 4;
        double[] expected = new double[all.size()];
        for (int i = 0; i < expected.length; i++) {
            int token = i / columns;
            int c = i % columns / 4;
            int t = token / (g[1] / 2 * (g[2] / 2));
            int y = token / (g[2] / 2) % (g[1] / 2) * 2 + i % 4 / 2;
            int x = token % (g[2] / 2) * 2 + i % 2;
            expected[i] = all.get(((c * g[0] + t) * g[1] + y) * g[2] + x);
        }
        Tensor out = rig.blank(format, pixels / 4, columns);
        rig.kernels().patchify(parts, out);
        rig.check(Expected.exact(expected), out);
    }

    static List<ContractCase> unpatchify(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        int[][] sizes = {{1, 1, 2, 2}, {16, 3, 4, 6}, {3, 2, 6, 2}};
        for (Format format : activations) {
            for (int[] s : sizes) {
                String name = format + " tokens to " + s[0] + " channels " + s[1] + "x" + s[2] + "x" + s[3];
                cases.add(ContractCase.of(name, rig -> unpatchify(rig, format, s)));
            }
        }
        return cases;
    }

    private static void unpatchify(Rig rig, Format format, int[] s) {
        int tokens = s[1] * s[2] * s[3] / 4;
        Rig.Sample x = rig.normal(format, tokens, 4L * s[0]);
        double[] expected = new double[x.values().length];
        for (int i = 0; i < expected.length; i++) {
            int column = i % s[3];
            int row = i / s[3] % s[2];
            int t = i / (s[3] * s[2]) % s[1];
            int c = i / (s[3] * s[2] * s[1]);
            int token = (t * (s[2] / 2) + row / 2) * (s[3] / 2) + column / 2;
            expected[i] = x.values()[token * 4 * s[0] + (row % 2 * 2 + column % 2) * s[0] + c];
        }
        Tensor out = rig.blank(Format.F32, s[0], s[1], s[2], s[3]);
        rig.kernels().unpatchify(x.tensor(), out);
        rig.check(Expected.exact(expected), out);
    }

    static List<ContractCase> upsample(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (int[] s : new int[][] {{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 4, 2, 48}}) {
                String name = s[0] + "x" + s[1] + "x" + s[2] + "x" + s[3] + ", " + format;
                cases.add(ContractCase.of(name, rig -> {
                    Rig.Sample x = rig.normal(format, s[0], s[1], s[2], s[3]);
                    double[] expected = new double[4 * x.values().length];
                    for (int i = 0; i < expected.length; i++) {
                        int pixel = i / s[3];
                        int column = pixel % (2 * s[2]) / 2;
                        int row = pixel / (2 * s[2]) % (2 * s[1]) / 2;
                        int t = pixel / (4 * s[1] * s[2]);
                        expected[i] = x.values()[((t * s[1] + row) * s[2] + column) * s[3] + i % s[3]];
                    }
                    Tensor out = rig.blank(format, s[0], 2L * s[1], 2L * s[2], s[3]);
                    rig.kernels().upsample(x.tensor(), out);
                    rig.check(Expected.exact(expected), out);
                }));
            }
        }
        return cases;
    }

    static List<ContractCase> interleaveFrames(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (int[] s : new int[][] {{1, 1, 1, 1}, {3, 2, 5, 7}, {2, 3, 3, 32}}) {
                String name = s[0] + "x" + s[1] + "x" + s[2] + "x" + 2 * s[3] + ", " + format;
                cases.add(ContractCase.of(name, rig -> {
                    Rig.Sample x = rig.normal(format, s[0], s[1], s[2], 2L * s[3]);
                    int frame = s[1] * s[2] * s[3];
                    double[] expected = new double[x.values().length];
                    for (int i = 0; i < expected.length; i++) {
                        int t = i / frame;
                        int pixel = i % frame / s[3];
                        int c = i % s[3] + t % 2 * s[3];
                        expected[i] = x.values()[(t / 2 * s[1] * s[2] + pixel) * 2 * s[3] + c];
                    }
                    Tensor out = rig.blank(format, 2L * s[0], s[1], s[2], s[3]);
                    rig.kernels().interleaveFrames(x.tensor(), out);
                    rig.check(Expected.exact(expected), out);
                }));
            }
        }
        return cases;
    }

    static List<ContractCase> channelsLast(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (int[] s : new int[][] {{1, 1, 1, 1}, {3, 2, 5, 7}, {16, 1, 2, 3}}) {
                String name = s[0] + " channels " + s[1] + "x" + s[2] + "x" + s[3] + ", F32 to " + format;
                cases.add(ContractCase.of(name, rig -> channelsLast(rig, format, s)));
            }
        }
        return cases;
    }

    private static void channelsLast(Rig rig, Format format, int[] s) {
        Rig.Sample x = rig.normal(Format.F32, s[0], s[1], s[2], s[3]);
        Rig.Sample scale = rig.normal(Format.F32, s[0]);
        Rig.Sample shift = rig.normal(Format.F32, s[0]);
        int pixels = s[1] * s[2] * s[3];
        Expected expected = new Expected(new double[x.values().length], new double[x.values().length]);
        for (int i = 0; i < x.values().length; i++) {
            int c = i % s[0];
            scaled(rig, x.values()[c * pixels + i / s[0]], scale.values()[c], shift.values()[c], expected, i);
        }
        Tensor out = rig.blank(format, s[1], s[2], s[3], s[0]);
        rig.kernels().channelsLast(x.tensor(), scale.tensor(), shift.tensor(), out);
        rig.check(expected, out);
    }

    static List<ContractCase> channelsFirst(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (int[] s : new int[][] {{1, 1, 1, 1, 1}, {3, 3, 2, 5, 7}, {16, 32, 2, 3, 1}}) {
                String name = s[0] + " of " + s[1] + " channels " + s[2] + "x" + s[3] + "x" + s[4] + ", " + format
                        + " to F32";
                cases.add(ContractCase.of(name, rig -> channelsFirst(rig, format, s)));
            }
        }
        return cases;
    }

    private static void channelsFirst(Rig rig, Format format, int[] s) {
        Rig.Sample x = rig.normal(format, s[2], s[3], s[4], s[1]);
        Rig.Sample scale = rig.normal(Format.F32, s[0]);
        Rig.Sample shift = rig.normal(Format.F32, s[0]);
        int pixels = s[2] * s[3] * s[4];
        Expected expected = new Expected(new double[s[0] * pixels], new double[s[0] * pixels]);
        for (int i = 0; i < s[0] * pixels; i++) {
            int c = i / pixels;
            scaled(rig, x.values()[i % pixels * s[1] + c], scale.values()[c], shift.values()[c], expected, i);
        }
        Tensor out = rig.blank(Format.F32, s[0], s[2], s[3], s[4]);
        rig.kernels().channelsFirst(x.tensor(), scale.tensor(), shift.tensor(), out);
        rig.check(expected, out);
    }

    private static void scaled(Rig rig, float x, float scale, float shift, Expected out, int index) {
        double product = (double) x * scale;
        out.values()[index] = product + shift;
        out.slack()[index] = 2 * rig.errors().accumulation() * (Math.abs(product) + Math.abs(shift));
    }
}
