/** How noise becomes latents: sigmas, timesteps and the step from one to the next, in plain host arithmetic. */
@NullMarked
package io.wan4j.scheduler;

import org.jspecify.annotations.NullMarked;
