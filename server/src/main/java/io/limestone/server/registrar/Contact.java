package io.limestone.server.registrar;

import java.util.Optional;

/**
 * How a node says it is reached.
 *
 * @param mtlsCert PEM or {@code disabled}
 */
public record Contact(Optional<String> ip, Optional<Integer> port, Optional<String> mtlsCert) {}
