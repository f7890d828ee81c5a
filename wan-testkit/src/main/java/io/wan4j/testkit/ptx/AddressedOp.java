package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import org.jspecify.annotations.Nullable;

/** An instruction with one memory operand: computes addresses and checks bounds, alignment and earlier writes. */
abstract class AddressedOp extends Op {
    enum Use {
        READ,
        WRITE,
        UPDATE,
        /** Asynchronous copy into shared memory. */
        COPY,
        /** Neither races nor earlier writes are looked at. */
        SYNC
    }

    final StateSpace space;
    private final boolean wideBase;
    private final int base;
    private final long offset;
    private @Nullable Allocation recent;

    AddressedOp(Site s, int operand, StateSpace space) {
        this(s, s.operand(operand), space);
    }

    AddressedOp(Site s, PtxOperand operand, StateSpace space) {
        if (!(operand instanceof PtxOperand.Address address)) {
            throw new UnsupportedException("expected an address, got " + operand);
        }
        PtxOperand from = address.base();
        boolean callParameter = from instanceof PtxOperand.Variable variable
                && variable.variable().space() == StateSpace.PARAM
                && !s.translator.isKernelParameter(variable.variable());
        StateSpace actual = space;
        if (space == StateSpace.PARAM) {
            // parameters of device functions live in local memory, those of kernels in a window of generic space
            actual = callParameter ? StateSpace.LOCAL : StateSpace.GENERIC;
        } else if (space == StateSpace.CONST) {
            actual = StateSpace.GLOBAL;
        } else if (space == StateSpace.GENERIC && from instanceof PtxOperand.Variable variable) {
            actual = variable.variable().space() == StateSpace.CONST
                    ? StateSpace.GLOBAL
                    : variable.variable().space();
        }
        this.space = actual;
        this.offset = address.offset();
        if (from instanceof PtxOperand.Register register) {
            this.wideBase = register.register().type.isWide();
            this.base = wideBase ? s.l(from) : s.i(from, PtxType.U32);
        } else {
            this.wideBase = true;
            this.base = s.l(from);
        }
    }

    @Override
    final boolean isCounted() {
        return true;
    }

    static StateSpace space(Site s) {
        for (String modifier : s.in.modifiers()) {
            switch (modifier) {
                case "global" -> {
                    return StateSpace.GLOBAL;
                }
                case "shared", "shared::cta", "shared::cluster" -> {
                    return StateSpace.SHARED;
                }
                case "local" -> {
                    return StateSpace.LOCAL;
                }
                case "const" -> {
                    return StateSpace.CONST;
                }
                case "param", "param::entry", "param::func" -> {
                    return StateSpace.PARAM;
                }
                default -> {}
            }
        }
        return StateSpace.GENERIC;
    }

    /** Addresses of the executing lanes; valid until the next call for the same worker. */
    final long[] addresses(Warp w) {
        long[] addresses = w.cta.scratch.addresses;
        fill(w, addresses);
        return addresses;
    }

    final void fill(Warp w, long[] addresses) {
        if (wideBase) {
            long[] from = w.l[base];
            for (int i = 0; i < Warp.LANES; i++) {
                addresses[i] = from[i] + offset;
            }
        } else {
            int[] from = w.r[base];
            for (int i = 0; i < Warp.LANES; i++) {
                addresses[i] = (from[i] & 0xffffffffL) + offset;
            }
        }
    }

    /** Counts banks or sectors of an access of {@code bytes} a lane. */
    final void count(Warp w, long[] addresses, int bytes) {
        if (!w.cta.launch.options.counts()) {
            return;
        }
        if (space == StateSpace.SHARED) {
            w.cta.counters.shared(site, w.mask, addresses, bytes);
        } else if (space == StateSpace.GLOBAL) {
            w.cta.counters.global(site, w.mask, addresses, bytes);
        } else if (space == StateSpace.GENERIC) {
            long window = addresses[Integer.numberOfTrailingZeros(w.mask)] >>> Launch.WINDOW_BITS;
            if (window == Launch.SHARED_WINDOW >>> Launch.WINDOW_BITS) {
                w.cta.counters.shared(site, w.mask, addresses, bytes);
            } else if (window < Launch.SHARED_WINDOW >>> Launch.WINDOW_BITS) {
                w.cta.counters.global(site, w.mask, addresses, bytes);
            }
        }
    }

    /**
     * Finds the bytes behind an address and checks the access; the place is left in {@code w.data} and {@code w.at}.
     * False if the access must not happen.
     */
    final boolean resolve(Warp w, int lane, long address, int bytes, Use use) {
        if ((address & bytes - 1) != 0) {
            return reject(w, lane, address, Finding.Kind.MISALIGNED, "address must be a multiple of " + bytes);
        }
        return switch (space) {
            case SHARED -> shared(w, lane, address, bytes, use);
            case LOCAL -> local(w, lane, address, bytes, use);
            case GENERIC -> generic(w, lane, address, bytes, use);
            default -> global(w, lane, address, bytes, use);
        };
    }

    private boolean generic(Warp w, int lane, long address, int bytes, Use use) {
        int window = (int) (address >>> Launch.WINDOW_BITS);
        if (window == (int) (Launch.SHARED_WINDOW >>> Launch.WINDOW_BITS)) {
            return shared(w, lane, address & 0xffffffffL, bytes, use);
        }
        if (window == (int) (Launch.LOCAL_WINDOW >>> Launch.WINDOW_BITS)) {
            return local(w, lane, address & 0xffffffffL, bytes, use);
        }
        if (window == (int) (Launch.PARAM_WINDOW >>> Launch.WINDOW_BITS)) {
            return within(w, lane, address, bytes, use, w.cta.launch.parameters);
        }
        return global(w, lane, address, bytes, use);
    }

    /** Like {@link #resolve} for an address that is not the operand's own, but known to be global. */
    final boolean resolveGlobal(Warp w, int lane, long address, int bytes, Use use) {
        return global(w, lane, address, bytes, use);
    }

    private boolean global(Warp w, int lane, long address, int bytes, Use use) {
        Allocation allocation = recent;
        if (allocation == null || allocation.freed || address < allocation.base || address + bytes > allocation.end) {
            allocation = w.cta.launch.memory.find(address);
            recent = allocation;
        }
        return within(w, lane, address, bytes, use, allocation);
    }

    private boolean within(Warp w, int lane, long address, int bytes, Use use, @Nullable Allocation allocation) {
        if (allocation == null || !allocation.holds(address, bytes)) {
            String where = allocation == null
                    ? w.cta.launch.memory.describe(address)
                    : "the access of " + bytes + " bytes passes the end of the allocation of " + allocation.bytes()
                            + " bytes at 0x" + Long.toHexString(allocation.base);
            return reject(w, lane, address, Finding.Kind.OUT_OF_BOUNDS, where);
        }
        long inside = address - allocation.base;
        Allocation.Page page = allocation.page(inside);
        int at = (int) (inside & Allocation.PAGE - 1);
        w.data = page.data;
        w.at = at;
        if (use == Use.WRITE || use == Use.UPDATE) {
            if (allocation.readOnly) {
                return reject(w, lane, address, Finding.Kind.READ_ONLY, "memory is read-only");
            }
        }
        if (use != Use.WRITE && w.cta.launch.options.uninitialised() && !Bytes.allMarked(page.written, at, bytes)) {
            report(w, lane, address, Finding.Kind.UNINITIALIZED_READ, "nobody wrote this global memory");
        }
        if (use != Use.READ) {
            Bytes.mark(page.written, at, bytes);
        }
        return true;
    }

    private boolean shared(Warp w, int lane, long address, int bytes, Use use) {
        Cta cta = w.cta;
        int rank = (int) (address >>> SharedMemory.RANK_SHIFT);
        if (rank != cta.rank) {
            if (address < 0 || rank >= cta.cluster.length) {
                return reject(w, lane, address, Finding.Kind.OUT_OF_BOUNDS, "no such block in the cluster");
            }
            cta = cta.cluster[rank];
        }
        int at = (int) (address & SharedMemory.OFFSET_MASK) - SharedMemory.BASE;
        if (at < 0 || at + bytes > cta.shared.bytes) {
            String what = "block has " + cta.shared.bytes + " bytes of shared memory from 0x"
                    + Integer.toHexString(SharedMemory.BASE);
            return reject(w, lane, address, Finding.Kind.OUT_OF_BOUNDS, what);
        }
        w.data = cta.shared.data;
        w.at = at;
        if (cta == w.cta) {
            switch (use) {
                case READ -> cta.shared.shadow.read(w, lane, at, bytes, this);
                case WRITE -> cta.shared.shadow.write(w, lane, at, bytes, this);
                case UPDATE -> cta.shared.shadow.update(w, lane, at, bytes, this);
                case COPY -> cta.shared.shadow.writePending(w, lane, at, bytes, this);
                case SYNC -> {}
            }
        } else {
            cta.shared.shadow.remote(at, bytes, use);
        }
        return true;
    }

    private boolean local(Warp w, int lane, long address, int bytes, Use use) {
        if (address < 0 || address + bytes > w.program.localBytes) {
            return reject(
                    w,
                    lane,
                    address,
                    Finding.Kind.OUT_OF_BOUNDS,
                    "thread has " + w.program.localBytes + " bytes of local memory");
        }
        int at = lane * w.program.localBytes + (int) address;
        w.data = w.local;
        w.at = at;
        if (use != Use.WRITE && w.cta.launch.options.uninitialised() && !Bytes.allMarked(w.localWritten, at, bytes)) {
            report(w, lane, address, Finding.Kind.UNINITIALIZED_READ, "nobody wrote this local memory");
        }
        if (use != Use.READ) {
            Bytes.mark(w.localWritten, at, bytes);
        }
        return true;
    }

    final boolean reject(Warp w, int lane, long address, Finding.Kind kind, String message) {
        report(w, lane, address, kind, message);
        return false;
    }

    final void report(Warp w, int lane, long address, Finding.Kind kind, String message) {
        w.cta.launch.findings.add(kind, this, new Finding.Place(w, lane, address), message);
    }
}
