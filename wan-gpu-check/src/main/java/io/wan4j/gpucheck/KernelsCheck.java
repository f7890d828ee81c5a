package io.wan4j.gpucheck;

import java.util.Locale;

/** Measures one group of kernels. */
record KernelsCheck(String unit) implements Check {
    @Override
    public void run(CheckContext context) {
        KernelCases.Group group = KernelCases.Group.valueOf(unit.toUpperCase(Locale.ROOT));
        RandomPool pool = context.pool();
        try (Target target = context.open()) {
            for (KernelCase one : group.cases(context.workload().kernels())) {
                context.attempt(
                        one.name(),
                        () -> one.measure(target, pool, context.workload().bench()));
                target.device().memory().workspace().trim();
            }
        }
    }
}
