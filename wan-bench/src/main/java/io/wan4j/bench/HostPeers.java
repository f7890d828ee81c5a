package io.wan4j.bench;

import io.wan4j.testkit.ContractShapes.LinearShape;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.mult.MatrixMatrixMult_FDRM;

/** F32 linears in other libraries, for context. */
final class HostPeers {
    private HostPeers() {}

    private static float[] random(int count) {
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble() - 0.5f;
        }
        return values;
    }

    static Contender openBlas(LinearShape s, int threads) {
        FloatPointer x = new FloatPointer(random(s.rows() * s.in()));
        FloatPointer w = new FloatPointer(random(s.out() * s.in()));
        FloatPointer y = new FloatPointer((long) s.rows() * s.out());
        openblas.blas_set_num_threads(threads);
        return Contender.peer(
                "openblas",
                "F32",
                () -> openblas.cblas_sgemm(
                        openblas.CblasRowMajor,
                        openblas.CblasNoTrans,
                        openblas.CblasTrans,
                        s.rows(),
                        s.out(),
                        s.in(),
                        1,
                        x,
                        s.in(),
                        w,
                        s.in(),
                        0,
                        y,
                        s.out()),
                () -> {
                    x.close();
                    w.close();
                    y.close();
                });
    }

    static Contender ejml(LinearShape s) {
        FMatrixRMaj x = FMatrixRMaj.wrap(s.rows(), s.in(), random(s.rows() * s.in()));
        FMatrixRMaj w = FMatrixRMaj.wrap(s.out(), s.in(), random(s.out() * s.in()));
        FMatrixRMaj y = new FMatrixRMaj(s.rows(), s.out());
        return Contender.peer("ejml", "F32", () -> MatrixMatrixMult_FDRM.multTransB(x, w, y), () -> {});
    }
}
