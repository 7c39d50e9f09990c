/**
 * Notices that a node is no longer trusted: an outbox written in the same transaction as the
 * verdict, and its delivery to the webhook and to other nodes, again and again until it succeeds or
 * the retries are used up.
 */
@NullMarked
package io.limestone.server.revocation;

import org.jspecify.annotations.NullMarked;
