/** The server's assembly: which parts run, what they share, how they start and end. */
@NullMarked
package io.limestone.server;

import org.jspecify.annotations.NullMarked;
