package io.wan4j.onednn;

import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.Storage;
import io.wan4j.tensor.StoredTensor;

/**
 * A table whose rows stay in the checkpoint's mapped pages: only those that are asked for are ever read.
 *
 * @param rows the table [rows, columns]
 */
record StoredTable(StoredTensor rows) implements Storage {
    @Override
    public long bytes() {
        return rows.bytes();
    }

    @Override
    public Storage slice(long offset, long length) {
        throw new UnsupportedException("onednn: expected no views of table " + rows.name() + ", got one");
    }
}
