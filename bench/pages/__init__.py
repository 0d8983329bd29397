"""The pages that staff use all day, at village and street size."""
