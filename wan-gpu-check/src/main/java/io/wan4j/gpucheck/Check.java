package io.wan4j.gpucheck;

/** Does one unit of a part and gives its rows as they come. */
@FunctionalInterface
interface Check {
    /** Runs to the end; what it throws is reported as a failure of the unit. */
    void run(CheckContext context);
}
