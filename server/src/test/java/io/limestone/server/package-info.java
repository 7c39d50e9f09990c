@NullMarked
package io.limestone.server;

import org.jspecify.annotations.NullMarked;
