@NullMarked
package io.limestone.server.http;

import org.jspecify.annotations.NullMarked;
