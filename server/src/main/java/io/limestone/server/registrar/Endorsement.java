package io.limestone.server.registrar;

/**
 * What checking a node's EK certificate gave.
 *
 * @param trusted whether it leads to a trusted root
 * @param reason the root's subject, or why not
 */
public record Endorsement(boolean trusted, String reason) {}
