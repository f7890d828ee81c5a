package io.wan4j.testkit.ptx;

/** A virtual register as declared; two declarations of one name in different scopes are different objects. */
final class PtxRegister {
    final String name;
    final PtxType type;

    PtxRegister(String name, PtxType type) {
        this.name = name;
        this.type = type;
    }

    @Override
    public String toString() {
        return name;
    }
}
