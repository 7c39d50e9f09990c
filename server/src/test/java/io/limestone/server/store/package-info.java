@NullMarked
package io.limestone.server.store;

import org.jspecify.annotations.NullMarked;
