package io.wan4j.testkit;

import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Device;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One case of the kernel contract.
 *
 * @param name what is computed, with shapes and formats; unique within its operation
 * @param needs what a backend may declare to lack
 * @param body computes and compares; throws {@link AssertionError} if the result is wrong
 */
public record ContractCase(String name, Set<Feature> needs, Consumer<Rig> body) {
    /** Copies the set. */
    public ContractCase {
        needs = Set.copyOf(needs);
    }

    /** A case that every backend passes. */
    static ContractCase of(String name, Consumer<Rig> body) {
        return new ContractCase(name, Set.of(), body);
    }

    /**
     * Runs the case on a device. Where the device lacks something that the case needs, it must refuse.
     *
     * @throws AssertionError if the result is wrong; with the case's name and seed
     */
    public void run(Device device, ErrorModel errors, Set<Feature> lacks) {
        long seed = Rig.seed(name);
        boolean lacking = needs.stream().anyMatch(lacks::contains);
        try (Rig rig = new Rig(device, errors, seed)) {
            body.accept(rig);
        } catch (UnsupportedException refusal) {
            if (lacking) {
                return;
            }
            throw new AssertionError(name + ": refused, but not declared as lacking: " + refusal.getMessage(), refusal);
        } catch (AssertionError wrong) {
            throw new AssertionError(
                    name + " on " + device.name() + ", seed " + seed + ": " + wrong.getMessage(), wrong);
        }
        if (lacking) {
            throw new AssertionError(name + ": declared as lacking " + needs + ", but it works; declare it no longer");
        }
    }
}
