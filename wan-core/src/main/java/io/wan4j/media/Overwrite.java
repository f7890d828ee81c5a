package io.wan4j.media;

/** What to do when the file or folder to be written exists already. */
public enum Overwrite {
    /** Fail and leave it alone. */
    REFUSE,
    /** Replace it, once the new one is whole. */
    REPLACE
}
