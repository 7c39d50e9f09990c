package io.limestone.keylime;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;

/**
 * The answer of {@code GET /agents}: a flat list of ids from the registrar, and from the verifier a
 * list of lists of one id each, which scripts rely on.
 */
public record AgentIds(List<NodeId> ids) {
  public AgentIds {
    ids = List.copyOf(ids);
  }

  /** Either form. */
  public static AgentIds fromJson(JsonObject results) {
    return new AgentIds(results.list("uuids").stream().map(AgentIds::id).toList());
  }

  public JsonObject toRegistrarJson() {
    return new JsonObject(Map.of("uuids", ids.stream().map(NodeId::value).toList()));
  }

  public JsonObject toVerifierJson() {
    return new JsonObject(Map.of("uuids", ids.stream().map(id -> List.of(id.value())).toList()));
  }

  private static NodeId id(Object item) {
    return switch (item) {
      case String text -> NodeId.parse(text);
      case List<?> list when list.size() == 1 && list.getFirst() instanceof String text ->
          NodeId.parse(text);
      default -> throw new MalformedException("uuids holds something else than ids");
    };
  }
}
