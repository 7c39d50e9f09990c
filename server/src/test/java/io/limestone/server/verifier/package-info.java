@NullMarked
package io.limestone.server.verifier;

import org.jspecify.annotations.NullMarked;
