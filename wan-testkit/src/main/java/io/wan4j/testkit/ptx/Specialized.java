package io.wan4j.testkit.ptx;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes an own copy of a template class for each lane function, as a hidden class. The JIT profiles each copy apart and
 * inlines the function into the loop, which a shared class with thousands of different functions would prevent.
 */
final class Specialized {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

    private static final ClassValue<Map<Class<?>, MethodHandle>> CONSTRUCTORS = new ClassValue<>() {
        @Override
        protected Map<Class<?>, MethodHandle> computeValue(Class<?> function) {
            return new ConcurrentHashMap<>();
        }
    };

    private Specialized() {}

    /** An op of {@code template} that applies {@code function}; {@code type} is the function's interface. */
    static <F> Op op(Class<? extends Op> template, Class<F> type, F function, int... registers) {
        MethodHandle constructor =
                CONSTRUCTORS.get(function.getClass()).computeIfAbsent(template, t -> define(t, type));
        try {
            return (Op) constructor.invoke(function, registers);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("cannot create " + template, e);
        }
    }

    private static MethodHandle define(Class<?> template, Class<?> function) {
        try (InputStream in = template.getResourceAsStream(
                template.getName().substring(template.getPackageName().length() + 1) + ".class")) {
            if (in == null) {
                throw new IllegalStateException("no byte code of " + template);
            }
            MethodHandles.Lookup own = LOOKUP.defineHiddenClass(in.readAllBytes(), false);
            return own.findConstructor(own.lookupClass(), MethodType.methodType(void.class, function, int[].class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot specialise " + template, e);
        }
    }
}
