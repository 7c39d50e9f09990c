/**
 * The verifier in pull mode: asks nodes for evidence, has it appraised, moves their life cycle, and
 * answers the REST interface of verifier-api.md. Blocking code on virtual threads; event loops only
 * inside {@link io.limestone.server.verifier.AgentClient}.
 */
@NullMarked
package io.limestone.server.verifier;

import org.jspecify.annotations.NullMarked;
