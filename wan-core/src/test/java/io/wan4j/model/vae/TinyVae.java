package io.wan4j.model.vae;

import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** The tiny VAE of the golden vectors on the reference device. */
final class TinyVae implements AutoCloseable {
    final SafetensorsFile file = SafetensorsFile.open(Goldens.path("vae/model.safetensors"));
    final WeightSource source = new FileSource(file);
    final VaeConfig config = VaeConfig.infer(source);
    final Device device = new ReferenceDevice(DeviceOptions.DEFAULT);

    VaeEncoder encoder() {
        return VaeEncoder.load(config, source, device);
    }

    VaeDecoder decoder() {
        return VaeDecoder.load(config, source, device);
    }

    /** Seeded values, roughly normal. */
    static float[] noise(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @Override
    public void close() {
        device.close();
        file.close();
    }

    private record FileSource(SafetensorsFile file) implements WeightSource {
        @Override
        public Set<String> names() {
            return file.names();
        }

        @Override
        public Optional<StoredTensor> find(String name) {
            return file.find(name).map(tensor -> tensor);
        }

        @Override
        public String location() {
            return file.path().toString();
        }
    }
}
