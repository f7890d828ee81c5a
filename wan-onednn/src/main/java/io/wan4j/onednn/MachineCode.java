package io.wan4j.onednn;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.wan4j.error.DeviceException;

/** A function of one address, made of bytes; its pages can be executed and no longer written. */
final class MachineCode implements AutoCloseable {
    private static final int READ_WRITE = 1 | 2;
    private static final int READ_EXECUTE = 1 | 4;
    private static final int PRIVATE_ANONYMOUS = 0x02 | 0x20;

    private final Pointer pages;
    private final long size;
    private final Function function;

    /** @throws DeviceException if the system allows no executable pages */
    MachineCode(byte[] code) {
        NativeLibrary c = NativeLibrary.getInstance("c");
        size = (code.length + 4095L) / 4096 * 4096;
        Object[] request = {Pointer.NULL, size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L};
        pages = c.getFunction("mmap").invokePointer(request);
        if (pages == null || Pointer.nativeValue(pages) == -1) {
            throw new DeviceException("onednn: expected " + size + " bytes for machine code, the system refused them");
        }
        pages.write(0, code, 0, code.length);
        if (c.getFunction("mprotect").invokeInt(new Object[] {pages, size, READ_EXECUTE}) != 0) {
            close();
            throw new DeviceException("onednn: expected executable pages, the system refused them");
        }
        function = Function.getFunction(pages);
    }

    void call(long argument) {
        function.invokeVoid(new Object[] {argument});
    }

    @Override
    public void close() {
        NativeLibrary.getInstance("c").getFunction("munmap").invokeInt(new Object[] {pages, size});
    }
}
