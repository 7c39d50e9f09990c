package io.limestone.cli.policy;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Option;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which nodes a command means: all conditions that are given must be true of a node. */
final class NodesMeant {
  static final Option NODE =
      Option.values("--node", "ID", "This node; may be given more than once");
  static final Option USERS_OF =
      Option.value("--users-of", "POLICY", "Nodes that use this policy now");
  static final Option GROUP =
      Option.value("--group", "GROUP", "Nodes that were added with this --group");
  static final List<Option> OPTIONS = List.of(NODE, USERS_OF, GROUP);

  private NodesMeant() {}

  /** The members of a request that say so. */
  static Map<String, Object> body(Arguments arguments) {
    Map<String, Object> body = new LinkedHashMap<>();
    if (arguments.has(NODE)) {
      body.put("nodes", arguments.all(NODE));
    }
    arguments.get(USERS_OF).ifPresent(name -> body.put("users_of", name));
    arguments.get(GROUP).ifPresent(name -> body.put("group", name));
    return body;
  }
}
