package io.wan4j;

import io.wan4j.checkpoint.FileDigest;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.media.Picture;
import io.wan4j.spi.Device;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that the frames of a generation depend on, as texts by name.
 *
 * @param entries what it is, and its value or the digest of it
 */
record Fingerprint(Map<String, String> entries) {
    private static final int SHOWN = 60;

    Fingerprint {
        entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    /**
     * The fingerprint of a request to a model on a device. Checkpoint files count by their size and by pieces of their
     * content, not by name or date.
     */
    static Fingerprint of(ImageToVideo request, ModelFiles model, TransformerWeights weights, Device device) {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("picture", digest(request.picture()));
        entries.put("prompt", request.prompt());
        entries.put("negative prompt", request.isGuided() ? request.negativePrompt() : "");
        entries.put("guidance", Double.toString(request.guidance()));
        entries.put("size", request.videoSize().pixels().toString());
        entries.put("frames", Integer.toString(request.frames()));
        entries.put("seed", Long.toString(request.seed()));
        entries.put("scheduler", request.scheduler().toString());
        for (Component component : Component.values()) {
            entries.put(component.title(), FileDigest.of(model.part(component).files()));
        }
        entries.put("weights and LoRAs", weights.fingerprint());
        entries.putAll(of(device));
        return new Fingerprint(entries);
    }

    /** What of a device results depend on. */
    static Map<String, String> of(Device device) {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("device", device.name());
        entries.put("activations", device.formats().toString());
        entries.put("device's choices", device.choices());
        return entries;
    }

    /** In words, every entry that another's texts have otherwise. */
    List<String> differences(Map<String, String> others) {
        List<String> differences = new ArrayList<>();
        entries.forEach((name, mine) -> {
            String theirs = others.get(name);
            if (!mine.equals(theirs)) {
                differences.add(name + " is " + shown(mine) + " here and "
                        + (theirs == null ? "not told" : shown(theirs)) + " there");
            }
        });
        return differences;
    }

    private static String shown(String text) {
        return '"' + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...") + '"';
    }

    /** Digest of arrays and their names, in the order of the names. */
    static String digest(Map<String, float[]> arrays) {
        MessageDigest digest = sha256();
        new TreeMap<>(arrays).forEach((name, values) -> {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
            int piece = bytes.capacity() / Float.BYTES;
            for (int from = 0; from < values.length; from += piece) {
                int count = Math.min(piece, values.length - from);
                bytes.clear().asFloatBuffer().put(values, from, count);
                digest.update(bytes.limit(count * Float.BYTES));
            }
        });
        return hex(digest);
    }

    private static String digest(Picture picture) {
        MessageDigest digest = sha256();
        digest.update(picture.size().toString().getBytes(StandardCharsets.UTF_8));
        digest.update(picture.rgb());
        return hex(digest);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java runtime has SHA-256", impossible);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
