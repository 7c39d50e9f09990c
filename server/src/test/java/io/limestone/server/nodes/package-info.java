@NullMarked
package io.limestone.server.nodes;

import org.jspecify.annotations.NullMarked;
