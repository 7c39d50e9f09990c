/**
 * {@code limestone policy create …}: policies made from what is known of machines. Files, sockets
 * and threads are here; what the bytes mean is in {@code io.limestone.content} and {@code
 * io.limestone.policy.create}.
 */
@NullMarked
package io.limestone.cli.policy.create;

import org.jspecify.annotations.NullMarked;
