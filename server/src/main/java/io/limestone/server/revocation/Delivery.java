package io.limestone.server.revocation;

import java.time.Instant;

/**
 * One notice for one recipient.
 *
 * @param recipient a node's id; empty for the webhook
 * @param body the signed envelope, JSON
 * @param attempts answers so far that were no success
 */
public record Delivery(
    long seq, Channel channel, String recipient, String body, int attempts, Instant madeAt) {}
