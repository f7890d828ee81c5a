package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;

/**
 * Page-locked host memory, which copies to and from the device without a detour.
 *
 * @param address of the first byte
 * @param bytes a view of all of it; must not be touched after the memory was freed
 */
public record PinnedMemory(long address, ByteBuffer bytes) {}
