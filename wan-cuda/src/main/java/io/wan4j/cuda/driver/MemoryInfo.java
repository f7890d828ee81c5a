package io.wan4j.cuda.driver;

/** Device memory in bytes: what is free now for any process, and what the device has. */
public record MemoryInfo(long freeBytes, long totalBytes) {}
