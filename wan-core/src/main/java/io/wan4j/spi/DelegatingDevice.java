package io.wan4j.spi;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A device that lets another do everything; for devices that change or watch a part of it. */
public class DelegatingDevice implements Device {
    private final Device device;

    /** Lets this device do everything; closing closes it too. */
    public DelegatingDevice(Device device) {
        this.device = device;
    }

    /** A call of a kernel: its name and arguments in the order of {@link Kernels}. */
    public record KernelCall(String name, Object[] arguments) {}

    /** What is done around a kernel. */
    public interface KernelWatch {
        /** Before the kernel is called. */
        default void before(KernelCall call) {}

        /** After it was called; the work may still be under way. */
        default void after(KernelCall call) {}
    }

    /** The kernels of a device, with each call watched. */
    public static Kernels watched(Kernels kernels, KernelWatch watch) {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    KernelCall call = new KernelCall(method.getName(), arguments);
                    watch.before(call);
                    try {
                        Object result = method.invoke(kernels, arguments);
                        watch.after(call);
                        return result;
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    /** The device that does everything. */
    protected final Device delegate() {
        return device;
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public ActivationFormats formats() {
        return device.formats();
    }

    @Override
    public String choices() {
        return device.choices();
    }

    @Override
    public Memory memory() {
        return device.memory();
    }

    @Override
    public Kernels kernels() {
        return device.kernels();
    }

    /** That of the other device, unless the kernels here are others: what watches or changes them must see every call. */
    @Override
    public Recording recording() {
        return kernels() == device.kernels() ? device.recording() : Recording.PLAIN;
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    @Override
    public void close() {
        device.close();
    }
}
