package io.wan4j.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class KernelArgumentsTest {
    @Test
    void everyParameterIsAlignedToItsSize() {
        byte[] bytes = new KernelArguments()
                .int32(1)
                .pointer(2)
                .float32(3)
                .int64(4)
                .bytes(new byte[128], 64)
                .int32(5)
                .toBytes();
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(view.getInt(0)).isEqualTo(1);
        assertThat(view.getLong(8)).isEqualTo(2);
        assertThat(view.getFloat(16)).isEqualTo(3);
        assertThat(view.getLong(24)).isEqualTo(4);
        assertThat(view.getInt(64 + 128)).isEqualTo(5);
        assertThat(bytes).hasSize(64 + 128 + 4);
    }
}
