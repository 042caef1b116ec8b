# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 4: no state persistence.

import json
import os

class CheckpointedAgent:
    """
    Agent wrapper that saves state after every step.
    If the gateway crashes, resume from last checkpoint.
    """
    def __init__(self, agent_id, checkpoint_dir="./checkpoints"):
        self.agent_id = agent_id
        self.checkpoint_dir = checkpoint_dir
        os.makedirs(checkpoint_dir, exist_ok=True)
        self.state = self._load_checkpoint() or {
            "step": 0,
            "messages": [],
            "tool_results": [],
            "status": "running"
        }

    def _checkpoint_path(self):
        return os.path.join(self.checkpoint_dir, f"{self.agent_id}.json")

    def _save_checkpoint(self):
        with open(self._checkpoint_path(), 'w') as f:
            json.dump(self.state, f, indent=2)

    def _load_checkpoint(self):
        path = self._checkpoint_path()
        if os.path.exists(path):
            with open(path, 'r') as f:
                state = json.load(f)
                print(f"Resumed from checkpoint at step {state['step']}")
                return state
        return None

    def run_step(self, step_fn):
        """Execute a step with automatic checkpointing."""
        try:
            result = step_fn(self.state)
            self.state["step"] += 1
            self.state["tool_results"].append(result)
            self._save_checkpoint() # Persist after every successful step
            return result
        except Exception as e:
            self._save_checkpoint() # Save what we have so far
            print(f"Step failed at step {self.state['step']}: {e}")
            raise
